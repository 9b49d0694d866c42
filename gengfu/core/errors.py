"""The few exceptions that cross package borders. Expected bad input is a value, not an exception."""

from collections.abc import Sequence
from dataclasses import dataclass


class GengfuError(Exception):
    """The root of our own errors: a sentence for a person, no traceback needed to understand it."""


class StartError(GengfuError):
    """The service cannot start: a port is taken, a folder cannot be written, a broker is missing."""


class StoreUnavailable(GengfuError):
    """The readings store did not take or answer a request now; trying again may help."""


class JournalError(GengfuError):
    """The journal could not make an append durable. Fatal: nothing may be acknowledged after it."""


class JournalFull(JournalError):
    """There is no room: nothing was written, and the same append may be tried again later."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in something a person wrote: where it stands, what is wrong, how to mend it."""

    file: str
    place: str
    message: str
    mend: str = ""

    def __str__(self) -> str:
        mend = f" ({self.mend})" if self.mend else ""
        where = f"{self.file}:{self.place}" if self.place else self.file
        return f"{where}: {self.message}{mend}"


class BadInput(GengfuError):
    """A file of a person's was refused whole; ``faults`` are all its mistakes, as one reads it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = _down_the_page(faults)
        super().__init__("\n".join(map(str, self.faults)))


def _down_the_page(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Order faults by file and line, each once: several checks have gone over the same text."""
    files = list(dict.fromkeys(fault.file for fault in faults))

    def stands(fault: Fault) -> tuple[int, int]:
        return files.index(fault.file), int(fault.place) if fault.place.isdecimal() else 0

    return tuple(sorted(dict.fromkeys(faults), key=stands))
