"""Follows the mapping file: a changed one counts at once, a bad one never replaces a good one.

The last good file is kept in the data folder. When core has to start while the file is bad, it goes on
with that one, and people are told: what is mapped includes alarms.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from gateway.mapping.file import load_mapping
from gateway.mapping.model import NOTHING, ForeignMapping
from gateway.topics import DEFAULT_ROOT
from gengfu.app.condition import Ear
from gengfu.core.errors import BadInput
from gengfu.durable import replace_file

log = structlog.get_logger()

LOOK_SECONDS = 2.0
_SHOWN = 200


class Listener(Protocol):
    """Who listens by the mapping: the gateway."""

    async def set_mapping(self, mapping: ForeignMapping) -> None: ...


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look at the file found."""

    stamp: tuple[int, int, int] | None
    """(inode, size, time of change); None = there is no file."""
    mapping: ForeignMapping | None
    """None = the file cannot be used."""
    refusal: str = ""


class MappingFile:
    """The file and the last good one beside the data."""

    def __init__(self, file: Path | None, kept: Path, root: str = DEFAULT_ROOT) -> None:
        """``file`` None: no foreign devices are mapped; ``root`` is where our own topics begin."""
        self._file = file
        self._kept = kept
        self._root = root
        self._seen: tuple[int, int, int] | None = None
        self.refusal = ""
        """Why the file is not in force; empty = it is."""

    def start(self) -> ForeignMapping:
        """Return the mapping to begin with.

        Raises:
            BadInput: the file is bad, and there never was a good one.
        """
        look = self._look()
        self._seen, self.refusal = look.stamp, look.refusal
        if look.mapping is not None:
            return look.mapping
        if self._file is not None and not self._kept.exists():
            return load_mapping(self._file, self._root)  # to say all that is wrong
        log.error("mapping_refused_at_start", reason=look.refusal)
        return load_mapping(self._kept, self._root)

    def changed(self) -> ForeignMapping | None:
        """Return the mapping when a new one counts; ``refusal`` says when a new one does not."""
        if self._file is None or _stamp(self._file) == self._seen:
            return None
        look = self._look()
        self._seen, self.refusal = look.stamp, look.refusal
        return look.mapping

    def _look(self) -> _Look:
        if self._file is None:
            return _Look(None, NOTHING)
        stamp = _stamp(self._file)
        try:
            mapping = load_mapping(self._file, self._root)
            replace_file(self._kept, self._file.read_bytes())
        except (BadInput, OSError) as exc:
            return _Look(stamp, None, str(exc))
        return _Look(stamp, mapping)


async def follow_mapping(
    file: MappingFile,
    listener: Listener,
    ear: Ear,
    *,
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Have a changed mapping in force within seconds, until cancelled; tell of one that is refused."""
    told = ""
    while True:
        mapping = await asyncio.to_thread(file.changed)
        if mapping is not None:
            await listener.set_mapping(mapping)
            log.info("mapping_in_force", devices=len(mapping.devices))
        if file.refusal != told:
            told = file.refusal
            if told:
                log.error("mapping_refused", reason=told)
                faults = told.count("\n") + 1
                first = told.split("\n")[0][-_SHOWN:]
                ear.note_event("mapping_refused", {"faults": faults, "first": first})
        await wait(LOOK_SECONDS)


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
