"""Real servers for the tests: Mosquitto, InfluxDB 1.x and Chromium on free loopback ports.

A missing one is a skip, or with ``REQUIRE_SERVICES`` (as CI sets it) a failure.
"""

import os
import random
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PATIENCE_S = 300.0
"""What a busy machine may take for anything that is quick; whoever waits goes on as soon as it is so."""
_given: set[int] = set()
_dice = random.SystemRandom()  # Hypothesis seeds the common one
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"


def program(name: str) -> str:
    """Return the path of a server's program; skip or fail the test when it is not installed."""
    found = shutil.which(name, path=_PATH)
    if found is not None:
        return found
    if os.environ.get("REQUIRE_SERVICES"):
        pytest.fail(f"{name} is not installed and REQUIRE_SERVICES is set")
    pytest.skip(f"{name} is not installed")


def free_port() -> int:
    """Return a loopback port that nobody listens on now.

    Below those that the system gives to outgoing connections, and each worker of a test run has its
    own thousands: who asks for a port has it to himself until he listens.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw9").removeprefix("gw"))
    first = 12_000 + worker % 10 * 2_000
    while True:
        port = first + _dice.randrange(2_000)
        with socket.socket() as probe:
            if port not in _given and probe.connect_ex(("127.0.0.1", port)):
                _given.add(port)
                return port


def wait_for(what: str, ready: Callable[[], bool], *, seconds: float = PATIENCE_S) -> None:
    """Poll until something outside is so; fail the test with its name when it never is."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.05)


def listens(port: int) -> bool:
    """Tell whether something accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(command: list[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process until the block ends; its output goes to ``log``."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env={**os.environ, **environment}
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass(frozen=True, slots=True)
class Mosquitto:
    """A real broker on loopback."""

    port: int
    config: Path
    log: Path

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run it; may be entered again after a kill, with what it had persisted."""
        command = [program("mosquitto"), "-c", str(self.config)]
        with running(command, self.log) as process:
            wait_for("mosquitto", lambda: listens(self.port))
            yield process


def mosquitto(folder: Path, *lines: str) -> Mosquitto:
    """Prepare a durable Mosquitto (anonymous unless ``lines`` say otherwise) in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    settings = [
        f"listener {port} 127.0.0.1",
        "persistence true",
        f"persistence_location {folder}/",
        "autosave_on_changes true",
        "autosave_interval 1",
        "max_queued_messages 100000",
        "max_inflight_messages 1000",
        # Else it drops its privileges and cannot write below a temporary folder of root's.
        *(["user root"] if os.geteuid() == 0 else []),
        *(lines or ("allow_anonymous true",)),
    ]
    config = folder / "mosquitto.conf"
    config.write_text("\n".join(settings) + "\n", encoding="utf-8")
    config.chmod(0o644)
    return Mosquitto(port=port, config=config, log=folder / "mosquitto.log")


@contextmanager
def influxdb(folder: Path, port: int | None = None) -> Iterator[str]:
    """Run a real InfluxDB 1.x and yield its base URL."""
    folder.mkdir(parents=True, exist_ok=True)
    http, rpc = port or free_port(), free_port()
    config = folder / "influxdb.conf"
    config.write_text(
        f"""reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[coordinator]
  # Its ten seconds are over where a machine stalls: what it does then, others' tests say.
  write-timeout = "2m"
[http]
  bind-address = "127.0.0.1:{http}"
  log-enabled = false
[monitor]
  store-enabled = false
""",
        encoding="utf-8",
    )

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{http}/ping", timeout=20) as reply:
                return bool(reply.status == 204)
        except OSError:
            return False

    with running([program("influxd"), "-config", str(config)], folder / "influxd.log"):
        wait_for("influxdb", answers)
        yield f"http://127.0.0.1:{http}"
