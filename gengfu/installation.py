"""The folder that one installation owns, and what must be true before it can start."""

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

from gengfu.config import ClockSettings, Settings
from gengfu.core.clock import Clock
from gengfu.core.errors import StartError

_OWN = (
    *("journal", "safety", "parked", "broker", "secrets"),
    *("alerts.db", "desk.db", "readings.duckdb", "rules.checkpoint", "rules.in-hand"),
    *("mapping.good.yaml", "unmapped.json", "alarm-path.json", "clock.json", "audit.head"),
    *("grafana-alerts.cursor", "past-truth.csv", "core.sock", "supervisor.lock", ".writable"),
)
"""All that we ever put into the data folder."""
_BESIDE = ("", "-wal", "-shm", "-journal", ".wal", ".tmp", ".*.new")
"""What databases and unfinished writes leave beside it."""
_INFLUX = ("influxdb-*.json", "influxdb-*.jsonl", "before-influxdb-*.json")
LEAST_ROOM = 1024 * 1024
"""With fewer bytes free databases do not even open; whoever runs already lives on with less."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Where everything lies below the data folder."""

    data: Path

    @property
    def journal(self) -> Path:
        return self.data / "journal"

    @property
    def checkpoint(self) -> Path:
        return self.data / "rules.checkpoint"

    @property
    def mapping(self) -> Path:
        """The last good mapping file."""
        return self.data / "mapping.good.yaml"

    @property
    def unmapped(self) -> Path:
        return self.data / "unmapped.json"

    @property
    def parked(self) -> Path:
        return self.data / "parked"

    @property
    def alerts(self) -> Path:
        return self.data / "alerts.db"

    @property
    def desk(self) -> Path:
        return self.data / "desk.db"

    @property
    def readings(self) -> Path:
        return self.data / "readings.duckdb"

    @property
    def socket(self) -> Path:
        return self.data / "core.sock"

    @property
    def safety(self) -> Path:
        return self.data / "safety"

    @property
    def proof(self) -> Path:
        return self.data / "alarm-path.json"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets"

    @property
    def broker(self) -> Path:
        return self.data / "broker"

    def belongings(self) -> tuple[Path, ...]:
        """Return what lies in the folder and is ours, sorted; a person's own files are not."""
        ours = (*(f"{name}{beside}" for name in _OWN for beside in _BESIDE), *_INFLUX)
        return tuple(
            sorted(
                path
                for path in self.data.iterdir()
                if any(fnmatchcase(path.name, pattern) for pattern in ours)
            )
        )

    def prepare(self) -> None:
        """Make the folders; secrets are for the owner alone.

        Raises:
            StartError: when the folder cannot be made or written.
        """
        try:
            for folder in (self.data, self.journal, self.secrets, self.broker):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.secrets.chmod(0o700)
            probe = self.data / ".writable"
            probe.touch()
            probe.unlink()
        except OSError as exc:
            raise StartError(
                f"The data folder {self.data} cannot be written ({exc.strerror}): "
                "give another one with --data, or mend its permissions."
            ) from exc

    def require_room(self) -> None:
        """See that the disk is not full.

        Raises:
            StartError: when nothing can be opened there.
        """
        found = os.statvfs(self.data)
        if found.f_bavail * found.f_frsize < LEAST_ROOM:
            raise StartError(
                f"The disk of the data folder {self.data} is full: make room, then start again."
            )

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the installation for one supervisor.

        Raises:
            StartError: when another one holds it.
        """
        with (self.data / "supervisor.lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                raise StartError(
                    f"Gengfu already runs on {self.data}: stop it first, or give another --data."
                ) from exc
            handle.write(str(os.getpid()))
            handle.flush()
            yield

    def note_clock(self, clock: ClockSettings) -> None:
        """Leave the clock of the running system where a replay finds it."""
        (self.data / "clock.json").write_text(clock.model_dump_json(), encoding="utf-8")

    def noted_clock(self) -> Clock | None:
        """Return the clock that the running system was started with, when it is not the machine's."""
        file = self.data / "clock.json"
        if not file.exists():
            return None
        noted = ClockSettings.model_validate_json(file.read_text(encoding="utf-8"))
        return None if noted.start is None else noted.clock()

    def secret(self, name: str, content: str) -> Path:
        """Write a secret that only the owner can read, and return its file."""
        file = self.secrets / name
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.fchmod(descriptor, 0o600)  # also when it was there before
        with open(descriptor, "w", encoding="utf-8") as handle:  # noqa: PTH123 – a descriptor
            handle.write(content)
        return file


def check_ports(settings: Settings) -> None:
    """See that the ports we listen on are free and that a broker of others' answers.

    Raises:
        StartError: one sentence: which port or broker, and what to do.
    """
    _must_be_free(settings.web.host, settings.web.port, "--port")
    if settings.broker.embedded:
        _must_be_free("127.0.0.1", settings.broker.port, "GENGFU_BROKER__PORT")
    else:
        _must_answer(settings.broker.url)


def _must_be_free(host: str, port: int, setting: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            raise StartError(
                f"Port {port} on {host} cannot be used ({exc.strerror}): "
                f"stop what listens there, or choose another with {setting}."
            ) from exc


def _must_answer(url: str) -> None:
    parts = urlsplit(url)
    port = parts.port or (8883 if parts.scheme == "mqtts" else 1883)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=5):
            return
    except OSError as exc:
        raise StartError(
            f"No broker answers at {url} ({exc}): start it, correct --broker, "
            "or leave --broker out to use the embedded one."
        ) from exc
