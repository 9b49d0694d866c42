"""The second record of life-safety events: plain files, a line for each event, a file for each month.

It shares nothing with the journal but the disk: no database, no framing, no compression. Lines are
only ever added and each is synced before its event is acknowledged. A failure here never stops the
journal, which has the event already: it is told, and the lines are tried again.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from gengfu.core.clock import Micros, to_utc
from gengfu.durable import sync_folder
from ingest.safety.entry import Entry, decode, encode

_log = structlog.get_logger(__name__)

MOST_WAITING = 10_000
"""Lines that are kept for another try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one file holds."""

    file: str
    entries: Sequence[Entry]
    bad_lines: int


class SafetyFile:
    """The folder of files, for its one writer."""

    def __init__(self, folder: Path) -> None:
        """Open it, made when missing; half a line at an end was never acknowledged and is taken off.

        A folder that cannot be used is trouble like any other: told, and tried again.
        """
        self._folder = folder
        self._waiting: list[bytes] = []
        self._name = ""
        self.trouble: str | None = None
        """Why the second record lacks something; None = it is whole."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in self._files()[-1:]:
                self._name = path.name
                _take_off_half_a_line(path)
        except OSError as exc:
            self._note_trouble(exc)

    def write(self, entries: Sequence[Entry], *, at: Micros) -> None:
        """Make entries durable, those first that failed before; failing is told by ``trouble``."""
        self._waiting += map(encode, entries)
        del self._waiting[:-MOST_WAITING]
        # Who compares reads the newest files: a clock that is back must not write where nobody looks.
        self._name = max(self._name, f"{to_utc(at):%Y-%m}.log")
        self.try_again()

    def try_again(self) -> None:
        """Write what waits, if anything does."""
        if not self._waiting:
            return
        try:
            # After a failure half a line may stand at the end: the empty line ends it.
            self._add((b"\n" if self.trouble else b"") + b"".join(self._waiting))
        except OSError as exc:
            self._note_trouble(exc)
            return
        self._waiting.clear()
        if self.trouble is not None:
            self.trouble = None
            _log.info("safety_file_written_again", file=self._name)

    def newest(self, count: int) -> Iterator[Reading]:
        """Read the newest files, the older first.

        Raises:
            OSError: the disk refuses.
        """
        for path in self._files()[-count:]:
            lines = [line for line in path.read_bytes().split(b"\n") if line]
            entries = [entry for entry in map(decode, lines) if entry is not None]
            yield Reading(file=path.name, entries=entries, bad_lines=len(lines) - len(entries))

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("????-??.log"))

    def _add(self, lines: bytes) -> None:
        path = self._folder / self._name
        is_new = not path.exists()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            while lines:
                lines = lines[os.write(handle, lines) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        if is_new:
            sync_folder(self._folder)

    def _note_trouble(self, exc: OSError) -> None:
        if self.trouble is None:
            _log.error("safety_file_not_written", folder=str(self._folder), reason=str(exc))
        self.trouble = str(exc)


def _take_off_half_a_line(path: Path) -> None:
    whole = path.read_bytes().rfind(b"\n") + 1
    if whole < path.stat().st_size:
        os.truncate(path, whole)
