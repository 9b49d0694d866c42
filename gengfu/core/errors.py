"""The few exceptions that cross package borders. Expected bad input is a value, not an exception."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gengfu.core.said import NOTHING, Said, said, say_again


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
    message: Said
    mend: Said = NOTHING

    @property
    def sentence(self) -> Said:
        """What is wrong, and how to mend it."""
        return said("{} ({})", self.message, self.mend) if self.mend else self.message

    def told(self, translate: Callable[[str], str] = str) -> str:
        """Return all of it on one line, in the language of ``translate`` (``said.say_again``)."""
        where = f"{self.file}:{say_again(self.place, translate)}" if self.place else self.file
        return f"{where}: {say_again(self.sentence, translate)}"

    def __str__(self) -> str:
        return self.told()


class BadInput(GengfuError):
    """A file of a person's was refused whole; ``faults`` are all its mistakes, as one reads it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = _down_the_page(faults)
        super().__init__("\n".join(map(str, self.faults)))

    @classmethod
    def of(cls, file: str, place: str, message: Said, mend: Said = NOTHING) -> "BadInput":
        """Return it with a single mistake."""
        return cls([Fault(file, place, message, mend)])


def _down_the_page(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Order faults by file and line, each once: several checks have gone over the same text."""
    files = list(dict.fromkeys(fault.file for fault in faults))

    def stands(fault: Fault) -> tuple[int, int]:
        return files.index(fault.file), int(fault.place) if fault.place.isdecimal() else 0

    return tuple(sorted(dict.fromkeys(faults), key=stands))
