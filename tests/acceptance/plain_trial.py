"""The same trial for a straightforward script: benchmarks/rivals/plain_script.py.

Same load, same seed, killed at the same moments; it is started again at once. It has no desk, so
those kills pass it by. Its store is a fake that never fails and counts what it was given.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.oracle import Oracle
from tests.acceptance.servers import broker_server
from tests.acceptance.system import ROOT
from tests.acceptance.trial import Trial, Verdict
from tests.fakes.influx import TOKEN, FakeInflux, influx
from tests.integration.services import mosquitto

RIVALS = ("plain", "durable")
SCRIPT = ROOT / "benchmarks" / "rivals" / "plain_script.py"
RESTART_S = 0.4


@dataclass(slots=True)
class _Keeper:
    """Runs the script and starts it again when it ends, as systemd would."""

    arguments: list[str]
    _process: subprocess.Popen[bytes] | None = None
    _stopped: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def up(self) -> Iterator["_Keeper"]:
        """Keep it running for a block."""
        thread = threading.Thread(target=self._keep)
        thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            self.kill()
            thread.join()

    def kill(self) -> bool:
        """``kill -9``; tell whether it was there."""
        process = self._process
        if process is None or process.poll() is not None:
            return False
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True

    def _keep(self) -> None:
        while not self._stopped.is_set():
            self._process = subprocess.Popen(
                [sys.executable, str(SCRIPT), *self.arguments],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            self._process.wait()
            self._stopped.wait(RESTART_S)


def run_plain(trial: Trial, kind: str) -> Verdict:
    """Play a trial with the script in Gengfu's place; ``kind`` is one of ``RIVALS``."""
    broker = mosquitto(trial.folder / "broker")
    server = broker_server(broker)
    with server.up(), influx() as store, trial.devices(broker.port) as oracle:
        store.buckets["gengfu"] = 0
        keeper = _Keeper(_arguments(kind, broker.port, store))
        with keeper.up():
            time.sleep(3)  # it says nothing when it is ready

            def kill(victim: str) -> bool:
                if victim == "broker":
                    server.kill()
                    server.start()
                    return True
                return victim == "desk" or keeper.kill()

            trial.load_and_kill(kill, oracle, insists=False)
            _settle(store)
        return _judge(trial, oracle, store)


def _arguments(kind: str, port: int, store: FakeInflux) -> list[str]:
    arguments = ["--port", str(port), "--influx", store.url, "--token", TOKEN]
    return [*arguments, *(["--durable"] if kind == "durable" else [])]


def _settle(store: FakeInflux) -> None:
    """Wait until nothing more came for eight seconds."""
    count, since = -1, time.monotonic()
    while time.monotonic() - since < 8:
        if len(store.points) != count:
            count, since = len(store.points), time.monotonic()
        time.sleep(0.5)


def _judge(trial: Trial, oracle: Oracle, store: FakeInflux) -> Verdict:
    held = {
        (dict(tags)["equipment"], name, at): value  # the script writes ms, and so the fake keeps it
        for (_, tags, at), fields in store.points.items()
        for name, value in fields.items()
    }
    sent = [
        (equipment, point, at, value)
        for (equipment, point), values in oracle.taken.items()
        for at, value in values.items()
    ]
    missing = sum(held.get((name, point, at)) != value for name, point, at, value in sent)
    stored_events = {value for (_, name, _), value in held.items() if name == "id"}
    return Verdict(
        seed=trial.seed,
        kills={name: count for name, count in trial.killed.items() if name != "desk"},
        events=len(oracle.raised),
        values=len(sent) - missing,
        missing=missing,
        missing_events=len(set(oracle.raised) - stored_events),
        faults=(),
    )


def stuck(kind: str, folder: Path) -> str:
    """Send a poison between two hundred good events and say how many of them were stored."""
    broker = mosquitto(folder / "broker")
    with broker_server(broker).up(), influx() as store:
        store.buckets["gengfu"] = 0
        keeper = _Keeper(_arguments(kind, broker.port, store))
        oracle = Oracle(port=broker.port, site="yunhe", seed=1)
        oracle.connect()
        with keeper.up():
            time.sleep(3)
            for number in range(200):
                if number == 100:
                    oracle.say("gf/yunhe/fire-panel-1/up/event", b'{"type": "fi')
                oracle.alarm("fire-panel-1", f"1-{number:03d}")
                time.sleep(0.01)
            _settle(store)
        oracle.close()
        return f"{kind}: {len(store.points)} of 200 events stored, 100 before the poison"


if __name__ == "__main__":
    for one in RIVALS:
        with tempfile.TemporaryDirectory() as scratch:
            print(stuck(one, Path(scratch)))
