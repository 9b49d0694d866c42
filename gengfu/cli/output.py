"""How commands speak: plain text for people, JSON for scripts."""

import json
import os
from collections.abc import Callable, Mapping, Sequence

from rich.console import Console

from gengfu.core.errors import BadInput, GengfuError
from gengfu.core.said import Said, said, say_again

_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first that is set says a terminal's language (POSIX.1-2017, section 8.2)."""
_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str = "") -> None:
    """Print a line for a person; what was ``said``, in the terminal's language."""
    _out.print(spoken(text), markup=False)


def spoken(text: str) -> str:
    """Return what was ``said`` in the terminal's language; any other text as it is."""
    return say_again(text, _translation()) if isinstance(text, Said) else text


def counted(number: int, noun: str) -> str:
    """Return ``1 flood``, ``2 floods``; of several words the first is counted: ``pieces of equipment``."""
    first, space, rest = noun.partition(" ")
    return f"{number} {first if number == 1 else first + 's'}{space}{rest}"


def emit(value: object) -> None:
    """Print a value as JSON for a script."""
    _out.print(json.dumps(value, ensure_ascii=False, default=str), markup=False)


def complain(error: GengfuError) -> None:
    """Print an error as a person needs it: every fault on a line of its own, in the terminal's language."""
    if not isinstance(error, BadInput):
        _err.print(spoken(error.args[0] if error.args else ""), markup=False)
        return
    translate = _translation()
    for fault in error.faults:
        _err.print(fault.told(translate), markup=False)
    if len(error.faults) > 1:
        total = said("{} faults; nothing was changed.", len(error.faults))
        _err.print(say_again(total, translate), markup=False)


def _translation() -> Callable[[str], str]:
    spoken = next((found for name in _LOCALE if (found := os.environ.get(name))), "")
    if not spoken.startswith("zh"):
        return str
    from dashboards.web.words import words

    return words("zh").gettext


def table(rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows as aligned columns, the first row's keys as heads."""
    if not rows:
        return
    heads = list(rows[0])
    cells = [heads, *([str(row[head]) for head in heads] for row in rows)]
    widths = [max(_width(line[n]) for line in cells) for n in range(len(heads))]
    for line in cells:
        padded = (
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        )
        say("  ".join(padded).rstrip())


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes; Chinese characters take two."""
    return sum(2 if ord(character) >= 0x2E80 else 1 for character in text)
