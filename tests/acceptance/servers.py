"""Real servers that can be killed and started again in the middle of a test."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.integration.services import Mosquitto, influxdb, wait_for


@dataclass(slots=True)
class Server:
    """A server of one configuration file, by which its process is found."""

    config: Path
    run: Callable[[], AbstractContextManager[object]]
    _running: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @contextlib.contextmanager
    def up(self) -> Iterator["Server"]:
        """Run it for a block, in which it may be killed and started."""
        self.start()
        try:
            yield self
        finally:
            self._running.close()

    def start(self) -> None:
        """Start it; return when it answers."""
        self._running.enter_context(self.run())

    def kill(self) -> None:
        """``kill -9``; it stays away until ``start``."""
        pid = self._pid()
        os.kill(pid, signal.SIGKILL)
        self._running.close()
        wait_for(f"process {pid} to be gone", lambda: not Path(f"/proc/{pid}").exists())

    def _pid(self) -> int:
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                named = folder.name.isdigit() and (folder / "cmdline").read_bytes()
                if named and str(self.config).encode() in named.split(b"\0"):
                    return int(folder.name)
        raise AssertionError(f"nothing runs with {self.config}")


def broker_server(broker: Mosquitto) -> Server:
    """Return a Mosquitto that can be killed."""
    return Server(broker.config, broker.up)


def influx_server(folder: Path, port: int) -> Server:
    """Return an InfluxDB that can be killed; what it stored stays."""
    return Server(folder / "influxdb.conf", lambda: influxdb(folder, port))
