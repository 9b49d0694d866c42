"""It watches itself (P9): core hangs, the broker dies; someone is told within 35 s, without core."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from alerts.channels.webhook import verify
from gengfu.proof import ProofFile
from tests.acceptance.system import ROOT, System, command
from tests.integration.services import mosquitto, running, wait_for

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
        one.server.shutdown()
        one.server.server_close()


@pytest.mark.timeout(180)
def test_a_core_that_hangs_is_not_noticed(tmp_path: Path) -> None:
    """As in compose, nobody restarts what hangs: SIGSTOP is told ≤ 35 s, its end too, and recorded.

    Then the broker is killed: core tells that itself, and that it is back.
    """
    broker, proofs = mosquitto(tmp_path / "broker"), ProofFile(tmp_path / "data/alarm-path.json")
    with telephone() as outside, ExitStack() as stack:
        first = stack.enter_context(broker.up())
        settings = _settings(tmp_path, broker.url, outside.url)
        environment = {"PYTHONPATH": str(ROOT)}
        core = stack.enter_context(
            running(
                command("core", "--config", str(settings)), tmp_path / "core.log", **environment
            )
        )
        wait_for("the first proof", lambda: _proved(proofs), seconds=30)
        stack.enter_context(
            running(
                command("watchdog", "--config", str(settings)), tmp_path / "dog.log", **environment
            )
        )
        began = time.monotonic()
        os.kill(core.pid, signal.SIGSTOP)
        wait_for("the watchdog", outside.heard("watchdog_silent -"), seconds=KNOWN_WITHIN + 10)
        known = outside.told[0][0] - began
        os.kill(core.pid, signal.SIGCONT)
        wait_for("the end of it", outside.heard("watchdog_proved_again -"), seconds=30)
        wait_for("core's own record", outside.heard("opened system.interrupted"), seconds=30)

        first.kill()
        first.wait()
        wait_for(
            "core's own word", outside.heard("opened system.broker_lost"), seconds=KNOWN_WITHIN
        )
        proved = proofs.read()
        stack.enter_context(broker.up())
        wait_for("a canary on the new broker", lambda: proofs.read() != proved, seconds=30)
    assert known <= KNOWN_WITHIN, outside.told
    print(f"SIGSTOP of core known after {known:.1f} s")


def _settings(folder: Path, broker: str, receiver: str) -> Path:
    hook = f"{{url: '{receiver}', secret: {SECRET}, allow_private: true}}"
    file = folder / "gengfu.yaml"
    file.write_text(f"data: {folder / 'data'}\nbroker: {{url: '{broker}'}}\nwebhooks: [{hook}]\n")
    return file


@pytest.mark.timeout(120)
def test_nobody_hears_that_the_supervisor_died(supervised: Future[float]) -> None:
    """Under `gengfu up` a core that hangs is replaced and tells so; kill -9 of all is told as well."""
    known = supervised.result()
    print(f"SIGSTOP of core under the supervisor known after {known:.1f} s")


@pytest.fixture(scope="module", autouse=True)
def supervised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[float]]:
    """Stop a core under the supervisor and then kill all, while the other test waits as well."""
    with ThreadPoolExecutor(1) as beside:
        yield beside.submit(_stop_and_kill, tmp_path_factory.mktemp("supervised"))


def _stop_and_kill(folder: Path) -> float:
    """Return after how many seconds the stopped core was known."""
    broker = mosquitto(folder / "broker")
    with telephone() as outside, broker.up():
        hooks = [{"url": outside.url, "secret": SECRET, "allow_private": True}]
        environment = {"GENGFU_WEBHOOKS": json.dumps(hooks)}
        system = System(folder, arguments=("--broker", broker.url), environment=environment)
        with system.up():
            began = time.monotonic()
            os.kill(system.pids()["core"], signal.SIGSTOP)
            wait_for("core's word", outside.heard("opened system.interrupted"), seconds=60)
            known = outside.told[0][0] - began
            os.kill(system.pid, signal.SIGKILL)
            wait_for("the watchdog's last word", outside.heard("watchdog_all_gone -"))
    assert known <= KNOWN_WITHIN, outside.told
    return known


def _proved(proofs: ProofFile) -> bool:
    proof = proofs.read()
    return proof is not None and proof.number > 0
