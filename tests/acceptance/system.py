"""A running Gengfu as an outsider sees it: a command, a port, an API, processes that can be killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.integration.services import PATIENCE_S, free_port, wait_for

ROOT = Path(__file__).parents[2]


def command(*arguments: str) -> list[str]:
    """Return the command line of a ``gengfu`` command."""
    return [sys.executable, "-m", "gengfu", *arguments]


def gengfu(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a ``gengfu`` command to its end and return what it printed."""
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=480,
        check=False,
    )


@dataclass(slots=True)
class System:
    """One installation, started by its command line and looked at through its API."""

    folder: Path
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    token: str = ""
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process of ``gengfu up`` itself."""
        assert self._process is not None
        return self._process.pid

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "system.log"

    def must(self, *arguments: str) -> str:
        """Run a ``gengfu`` command on this installation's data; fail unless it exits 0."""
        done = gengfu(*arguments, "--data", str(self.data), **self.environment)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def import_ledger(self, estate: Path) -> None:
        """Import a ledger and make an API token that may do everything."""
        self.must("ledger", "import", str(estate))
        self.token = self.must("users", "token", "oracle", "--role", "admin").split()[-1]

    def start(self) -> None:
        """Start it; return when it answers."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command("up", "--data", str(self.data), "--port", str(self.port), *self.arguments),
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdout=output,
                stderr=output,
            )
        wait_for("the service to answer", self.answers)

    def answers(self) -> bool:
        """Tell whether the service answers; fail with its log when it has ended."""
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"gengfu up ended: {self.log.read_text()[-3000:]}")
        with contextlib.suppress(httpx.HTTPError):
            return self.ask("/healthz", timeout=20).status_code == 200
        return False

    def stop(self) -> int:
        """Stop it as Ctrl-C does and return its exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        return self._process.wait(timeout=PATIENCE_S)

    def pids(self) -> dict[str, int]:
        """Return the processes of this installation by name, as the operating system lists them."""
        found: dict[str, int] = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            with contextlib.suppress(OSError, IndexError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                environment = (folder / "environ").read_bytes().split(b"\0")
                ours = f"GENGFU_DATA={self.data}".encode() in environment
                if ours and b"gengfu" in words:
                    found[words[words.index(b"gengfu") + 1].decode()] = int(folder.name)
        return found

    def kill(self, name: str) -> bool:
        """``kill -9`` one process; tell whether it was there to be killed."""
        pid = self.pids().get(name)
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            return True
        return False

    def ask(
        self, path: str, parameters: Mapping[str, object] | None = None, timeout: float = 60
    ) -> httpx.Response:
        """Ask once, on a connection of its own. No certificates: reading them all costs more than asking."""
        return httpx.get(
            f"{self.base_url}{path}",
            params={name: str(value) for name, value in (parameters or {}).items()},
            headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
            timeout=timeout,
            verify=False,
        )

    def get(self, path: str, **parameters: object) -> Any:
        """Read from the API, patiently: the desk may just be starting again."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                reply = self.ask(path, parameters)
                if reply.status_code < 500:
                    assert reply.status_code == 200, f"{path}: {reply.status_code} {reply.text}"
                    return reply.json()
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, f"{path} did not answer"
            time.sleep(0.2)

    @contextlib.contextmanager
    def up(self) -> Iterator["System"]:
        """Run it for a block; whatever happens, nothing is left running."""
        try:
            self.start()
            yield self
        finally:
            with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
                self.stop()
            for pid in self.pids().values():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
