"""Rejected messages, a page at a time: newest first, from where the last page ended."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gengfu.core.record import DeadLetter

_CURSOR = re.compile(r"(\d{1,18})-(\d{1,9})")


@dataclass(frozen=True, slots=True)
class LetterPage:
    """``cursor`` asks for the next page, None = there is no more."""

    letters: Sequence[DeadLetter]
    cursor: str | None = None


def write_cursor(position: int, item: int) -> str:
    """Return the cursor behind a letter: its place in the journal, which never changes."""
    return f"{position}-{item}"


def read_cursor(text: str) -> tuple[int, int]:
    """Return position and item.

    Raises:
        ValueError: it is no cursor of ours.
    """
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no cursor: take the one that came with the last page")
    return int(found.group(1)), int(found.group(2))
