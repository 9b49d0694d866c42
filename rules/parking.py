"""What was set aside because it killed core: kept with its reason until a person has it tried again.

A folder with one small file for each portion of a record. A replay of the journal leaves out what
stands here, so that it never kills twice; the journal itself keeps the record.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import msgspec

from gengfu.core.clock import Micros
from gengfu.durable import replace_file

PARKED = "parked"
"""The folder's name, beside the rules' checkpoint (``Installation.parked``)."""
WHOLE = -1
"""In place of a portion's number: the record, all of it."""
MEMORY = -2
"""In place of a portion's number: no record; what the rules remembered before it was dropped."""
_KEY = re.compile(r"(\d{1,18})-(\d{1,9}|whole|memory)", re.ASCII)
_NAMED = {WHOLE: "whole", MEMORY: "memory"}


class Stage(StrEnum):
    """How far people know of it."""

    NEW = "new"
    """Nobody was told yet."""
    TOLD = "told"
    """There was an alert of it."""
    AGAIN = "again"
    """A person wants it judged once more."""
    DONE = "done"
    """It was written into the journal again, where it is judged anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """One portion of a record that is not judged."""

    position: int
    number: int
    kind: str
    """The record's: ``events``, ``readings`` …"""
    site: str = ""
    equipment: str = ""
    what: str = ""
    content: str = ""
    """Of what every start announces anew, its digest: each copy would kill again."""
    life_safety: bool = False
    deaths: int
    reason: str
    at: Micros
    """When the record was written."""
    stage: Stage = Stage.NEW

    @property
    def stays(self) -> bool:
        """Whether nobody wants it judged once more."""
        return self.stage in {Stage.NEW, Stage.TOLD}

    @property
    def key(self) -> str:
        """What a person calls it by."""
        return f"{self.position}-{_NAMED.get(self.number, self.number)}"


@dataclass(frozen=True, slots=True)
class ParkingLot:
    """The folder. Core adds; a command may move what was told to ``again``."""

    folder: Path

    def all(self) -> Iterator[Parked]:
        """Yield what is parked, the oldest record first; a file that is none of ours is passed over."""
        found = []
        for path in self.folder.glob("*.json") if self.folder.is_dir() else ():
            try:
                found.append(msgspec.json.decode(path.read_bytes(), type=Parked))
            except (OSError, msgspec.DecodeError):
                continue
        yield from sorted(found, key=lambda one: (one.position, one.number))

    def get(self, key: str) -> Parked | None:
        """Return one by its key; None when there is none of that key."""
        if _KEY.fullmatch(key) is None:
            return None
        return next((one for one in self.all() if one.key == key), None)

    def put(self, parked: Parked) -> None:
        """Keep one, durably; one of the same key is replaced.

        Raises:
            OSError: the disk refuses.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(self._file(parked), msgspec.json.encode(parked))

    def move(self, parked: Parked, stage: Stage) -> None:
        """Keep one with another stage.

        Raises:
            OSError: the disk refuses.
        """
        self.put(replace(parked, stage=stage))

    def remove(self, parked: Parked) -> None:
        """Let one be judged again where it stands."""
        self._file(parked).unlink(missing_ok=True)

    def _file(self, parked: Parked) -> Path:
        return self.folder / f"{parked.key}.json"
