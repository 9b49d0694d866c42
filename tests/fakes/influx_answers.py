"""How two InfluxDBs take a body of lines and say what they think of it (tests/golden/influxdb).

1.x stores every line that it can read and says 400; 2.x stores nothing when one cannot be read, and
says 422 when a readable one does not fit.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.fakes.line_protocol import Point, Unparsable, parse

LONGEST_KEY = 65_535
LAST_TIME = 9_223_372_036_854_775_806

Said = tuple[int, str]
"""Status and body."""


@dataclass
class Read:
    """A body of lines: what could be read, and what is wrong with the first that could not."""

    points: list[Point] = field(default_factory=list)
    trouble: str = ""


def read(body: str, *, unsigned: bool) -> Read:
    """Read line by line; ``unsigned`` integers are numbers to 2.x only."""
    found = Read()
    for line in filter(None, _lines(body)):
        try:
            points = parse(line)
            _check(points[0], line, unsigned=unsigned)
        except (Unparsable, ValueError) as exc:
            found.trouble = found.trouble or f"unable to parse '{line}': {exc}"
        else:
            found.points += points
    return found


def _lines(body: str) -> Iterator[str]:
    """Cut a body where lines end: a newline within a text in quotes belongs to the text."""
    start, section, quoted, hidden = 0, 0, False, False
    for at, letter in enumerate(body):
        if hidden or letter == "\\":
            hidden = not hidden
        elif letter == '"' and section == 1:
            quoted = not quoted
        elif letter == " " and not quoted:
            section += 1
        elif letter == "\n" and not quoted:
            yield body[start:at]
            start, section = at + 1, 0
    yield body[start:]


def _check(point: Point, line: str, *, unsigned: bool) -> None:
    key = len(point.measurement) + sum(len(a) + len(b) + 2 for a, b in point.tags)
    if key > LONGEST_KEY:
        raise Unparsable(f"max key length exceeded: {key} > {LONGEST_KEY}")
    if abs(point.time or 0) > LAST_TIME:
        raise Unparsable(f"time outside range -{LAST_TIME} - {LAST_TIME}")
    for _, value in point.fields:
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
            raise Unparsable("value out of range")
    if not unsigned and line.split(" ")[1].endswith("u"):
        raise Unparsable("invalid number")


@dataclass(frozen=True)
class Tongue:
    """How one version says it."""

    version: str
    unsigned: bool
    all_or_nothing: bool
    """Of lines of which one cannot be read nothing is stored."""
    unreadable: Callable[[str], Said]
    conflict: Callable[[str, int], Said]
    expired: Callable[[int], Said]
    missing: Callable[[str], Said]
    refused: Said
    broken: Said
    too_large: Said


def _one(text: str) -> str:
    return json.dumps({"error": text}, separators=(",", ":")) + "\n"


def _two(code: str, text: str) -> str:
    return json.dumps({"code": code, "message": text}, separators=(",", ":"))


def _unprocessable(text: str) -> Said:
    message = f"failure writing points to database: partial write: {text}"
    return 422, _two("unprocessable entity", message)


ONE = Tongue(
    version="1.6.7~rc0",
    unsigned=False,
    all_or_nothing=False,
    unreadable=lambda why: (400, _one(f"partial write: {why} dropped=0")),
    conflict=lambda why, count: (400, _one(f"partial write: {why} dropped={count}")),
    expired=lambda count: (
        400,
        _one(f"partial write: points beyond retention policy dropped={count}"),
    ),
    missing=lambda name: (404, _one(f'database not found: "{name}"')),
    refused=(401, _one("authorization failed")),
    broken=(500, _one("engine: write failed")),
    too_large=(413, _one("Request Entity Too Large")),
)
TWO = Tongue(
    version="v2.9.1",
    unsigned=True,
    all_or_nothing=True,
    unreadable=lambda why: (400, _two("invalid", why)),
    conflict=lambda why, count: _unprocessable(f"{why} dropped={count}"),
    expired=lambda count: _unprocessable(
        f"dropped {count} points outside retention policy of duration 24h0m0s"
    ),
    missing=lambda name: (404, _two("not found", f'bucket "{name}" not found')),
    refused=(401, _two("unauthorized", "unauthorized access")),
    broken=(500, _two("internal error", "unexpected error writing points")),
    too_large=(
        413,
        _two("request too large", "unable to read data: points batch is too large"),
    ),
)
