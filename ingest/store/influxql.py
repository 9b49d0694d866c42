"""How names, texts and times are written in a statement of InfluxQL. Values are bound, never written."""

from gengfu.core.clock import Micros
from ingest.store.lines import MAX_TIME

_NAME = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_TEXT = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n"})


def quoted(name: str) -> str:
    """Write an identifier."""
    return f'"{name.translate(_NAME)}"'


def literal(text: str) -> str:
    """Write a text; only where it cannot be bound: DELETE takes no parameters on 1.x."""
    return f"'{text.translate(_TEXT)}'"


def time_span(start: Micros, end: Micros) -> str:
    """Write the condition for [start, end), with its AND."""
    return f" AND time >= {nanoseconds(start)} AND time < {nanoseconds(end)}"


def nanoseconds(at: Micros) -> int:
    """Return a time in ns, cut to what a server understands."""
    return max(-MAX_TIME, min(at, MAX_TIME)) * 1000
