"""It watches itself (P9): core hangs, the broker dies; someone is told within 35 s, without core.

Each story is mostly waiting, by the product's own limits: all are played at once, each in a system of
its own.
"""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from alerts.channels.webhook import verify
from gengfu.proof import ProofFile
from tests.acceptance.leeway import Leeway, within
from tests.acceptance.system import ROOT, System, command
from tests.conftest import Figure
from tests.integration.services import Mosquitto, mosquitto, running, wait_for

KNOWN_WITHIN = 35.0
SECRET = "a receiver's secret"


class Telephone:
    """A webhook receiver outside of Gengfu: what it was told, and when."""

    def __init__(self) -> None:
        self.told: list[tuple[float, str]] = []
        telephone = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signed = self.headers["Gengfu-Signature"]
                assert verify(SECRET, int(self.headers["Gengfu-Timestamp"]), body, signed)
                said = json.loads(body)
                rule = said["alert"]["rule"] if "alert" in said else "-"
                telephone.told.append((time.monotonic(), f"{said['what']} {rule}"))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/alarm"

    def heard(self, what: str, after: float = 0.0) -> Callable[[], bool]:
        return lambda: any(at >= after and said == what for at, said in self.told)


@contextmanager
def telephone() -> Iterator[Telephone]:
    one = Telephone()
    try:
        yield one
    finally:
        print(one.told)
        one.server.shutdown()
        one.server.server_close()


INTERRUPTED = "opened system.interrupted"
"""Core's own word for it. A start that stalled has said it before, and of an open alert it is said once."""


class Stories:
    """What is played beside each other, and what came out of each."""

    def __init__(self, folder: Path, threads: ThreadPoolExecutor) -> None:
        self.hang = threads.submit(_hang, folder / "hang")
        self.lose_broker = threads.submit(_lose_broker, folder / "broker")
        self.stop_and_kill = threads.submit(_stop_and_kill, folder / "supervised")


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stories]:
    with ThreadPoolExecutor(3) as threads:
        yield Stories(tmp_path_factory.mktemp("watch"), threads)


def test_a_core_that_hangs_is_not_noticed(stories: Stories, figure: Figure) -> None:
    """As in compose, nobody restarts what hangs: SIGSTOP is told ≤ 35 s, its end too, and recorded."""
    figure(f"SIGSTOP of core known after {stories.hang.result():.1f} s")


def test_a_lost_broker_is_not_told(stories: Stories) -> None:
    """The broker is killed: core tells that itself, within 35 s, and goes on with a new one."""
    stories.lose_broker.result()


def test_nobody_hears_that_the_supervisor_died(stories: Stories, figure: Figure) -> None:
    """Under `gengfu up` a core that hangs is replaced and tells so; kill -9 of all is told as well."""
    known = stories.stop_and_kill.result()
    figure(f"SIGSTOP of core under the supervisor known after {known:.1f} s")


@contextmanager
def _core(folder: Path, broker: Mosquitto, outside: Telephone) -> Iterator[subprocess.Popen[bytes]]:
    """Run core alone until the block ends; the alarm path was proved."""
    proofs = ProofFile(folder / "data/alarm-path.json")
    with _process("core", folder, broker, outside) as core:
        wait_for("the first proof", lambda: _proved(proofs))
        yield core


def _process(
    name: str, folder: Path, broker: Mosquitto, outside: Telephone
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    settings = _settings(folder, broker.url, outside.url)
    words = command(name, "--config", str(settings))
    return running(words, folder / f"{name}.log", PYTHONPATH=str(ROOT))


def _hang(folder: Path) -> float:
    """Return after how many seconds the stopped core was known."""
    broker = mosquitto(folder / "broker")
    with (
        telephone() as outside,
        broker.up(),
        _core(folder, broker, outside) as core,
        # Not before core is there: a start may take longer than a watchdog waits.
        _process("watchdog", folder, broker, outside),
    ):
        # Whoever has just begun to watch counts from then on.
        wait_for(
            "the watchdog", lambda: "watchdog_watches" in (folder / "watchdog.log").read_text()
        )
        told = outside.heard(INTERRUPTED)()
        began, leeway = time.monotonic(), Leeway()
        os.kill(core.pid, signal.SIGSTOP)
        wait_for("its word", outside.heard("watchdog_silent -", began))
        known = _known(outside, began)
        os.kill(core.pid, signal.SIGCONT)
        wait_for("the end of it", outside.heard("watchdog_proved_again -", began))
        wait_for("core's own record", lambda: told or outside.heard(INTERRUPTED, began)())
    assert known <= KNOWN_WITHIN + leeway.seconds, outside.told
    return known


def _known(outside: Telephone, began: float) -> float:
    """Return after how many seconds the first word came; a start that was slow is not meant."""
    return min((at for at, _ in outside.told if at >= began), default=time.monotonic()) - began


def _lose_broker(folder: Path) -> None:
    broker, proofs = mosquitto(folder / "broker"), ProofFile(folder / "data/alarm-path.json")
    with telephone() as outside, ExitStack() as stack:
        first = stack.enter_context(broker.up())
        stack.enter_context(_core(folder, broker, outside))
        first.kill()
        first.wait()
        within(KNOWN_WITHIN, "core's word", outside.heard("opened system.broker_lost"))
        proved = proofs.read()
        stack.enter_context(broker.up())
        wait_for("a canary on the new broker", lambda: proofs.read() != proved)


def _stop_and_kill(folder: Path) -> float:
    """Return after how many seconds the stopped core was known."""
    broker = mosquitto(folder / "broker")
    with telephone() as outside, broker.up():
        hooks = [{"url": outside.url, "secret": SECRET, "allow_private": True}]
        environment = {"GENGFU_WEBHOOKS": json.dumps(hooks)}
        system = System(folder, arguments=("--broker", broker.url), environment=environment)
        with system.up():
            _wait_for_watchdog(system.log)
            told, stopped = outside.heard(INTERRUPTED)(), system.pids()["core"]
            began, leeway = time.monotonic(), Leeway()
            os.kill(stopped, signal.SIGSTOP)
            wait_for("another core", lambda: system.pids().get("core") not in {None, stopped})
            wait_for("core's word", lambda: told or outside.heard(INTERRUPTED, began)())
            known = _known(outside, began)
            os.kill(system.pid, signal.SIGKILL)
            wait_for("the watchdog's last word", outside.heard("watchdog_all_gone -"))
    assert known <= KNOWN_WITHIN + leeway.seconds, outside.told
    return known


def _wait_for_watchdog(log: Path) -> None:
    """Wait until it watches: silence counts from then on."""
    wait_for("the watchdog", lambda: "watchdog_watches" in log.read_text("utf-8"))


def _settings(folder: Path, broker: str, receiver: str) -> Path:
    hook = f"{{url: '{receiver}', secret: {SECRET}, allow_private: true}}"
    file = folder / "gengfu.yaml"
    file.write_text(f"data: {folder / 'data'}\nbroker: {{url: '{broker}'}}\nwebhooks: [{hook}]\n")
    return file


def _proved(proofs: ProofFile) -> bool:
    proof = proofs.read()
    return proof is not None and proof.number > 0
