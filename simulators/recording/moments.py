"""When a row of a recording was measured, in the ways in which loggers and Excel write it.

A number is told from its size: seconds, milliseconds, microseconds or nanoseconds since 1970 (or since
the recording began: those lie in 1970, and are shifted like any). What lies beyond 2100 was misread.
"""

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from gengfu.core.clock import SECOND, Micros, from_iso, to_utc
from gengfu.core.said import Said, said

LATEST: Micros = from_iso("2100-01-01T00:00:00Z")

_EPOCH = to_utc(0)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SCALES = ((10**11, 10**6), (10**14, 10**3), (10**17, 1))
"""Below the first, seconds (until the year 5138); below the next, milliseconds; then microseconds."""
_MOST = 10**20
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?", re.ASCII)
"""A date, or date and time, in digits alone: no seconds since 1970 of our days look so."""
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\S.*))?", re.ASCII)
_CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?", re.ASCII)
_BARE_CLOCK = re.compile(r"\d{5,6}", re.ASCII)


def read_time(cell: str, zone: ZoneInfo) -> Micros | Said:
    """Return the time that a cell tells, or why it tells none; without a zone it is of ``zone``."""
    text = cell.strip()
    day = _day(text)
    is_count = day is None and _NUMBER.fullmatch(text)
    at = _count(text) if is_count else _moment(text if day is None else day, zone)
    if at is None:
        return said("{!r} is no time", cell)
    if not 0 <= at < LATEST:
        return said("{!r} does not lie between 1970 and 2100", cell)
    return at


def is_day(cell: str) -> bool:
    """Tell whether a cell tells a date and no time of the day."""
    text = cell.strip()
    found = _COMPACT.fullmatch(text) or _DAY.fullmatch(text)
    return found is not None and found[4] is None


def is_clock(cell: str, *, is_bare: bool = False) -> bool:
    """Tell whether a cell tells a time of the day and no date; ``is_bare``: ``101433`` is one too."""
    text = cell.strip()
    return bool(_CLOCK.fullmatch(text) or (is_bare and _BARE_CLOCK.fullmatch(text)))


def joined(day: str, clock: str) -> str:
    """Return a date and a time of the day as one text; one that is missing spoils it."""
    text = clock.strip()
    if _BARE_CLOCK.fullmatch(text):
        digits = text.zfill(6)  # a table has taken the zero from 093015
        text = f"{digits[:2]}:{digits[2:4]}:{digits[4:]}"
    return f"{_day(day.strip()) or day.strip()} {text}".strip() if text else f"{day.strip()} ?"


def _day(text: str) -> str | None:
    """Return a text that begins with a date as ISO 8601 has it; None when it does not."""
    compact = _COMPACT.fullmatch(text)
    if compact:
        clock = ":".join(compact.groups()[3:]) if compact[4] else ""
        return "-".join(compact.groups()[:3]) + (f"T{clock}" if clock else "")
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day, clock = found.groups()
    written = f"{year}-{month:0>2}-{day:0>2}"
    if clock is None:
        return written
    return f"{written}T{'0' if clock[1:2] == ':' else ''}{clock}"


def _count(text: str) -> Micros:
    """Return a count since 1970, of whatever its size says; -1 for what no clock counts."""
    size = abs(float(text))
    if size >= _MOST:
        return -1
    try:
        number = Decimal(text)  # nanoseconds are more than a float holds
    except InvalidOperation:
        return -1
    scale = next((scale for limit, scale in _SCALES if size < limit), None)
    return round(number * scale) if scale is not None else round(number / 1000)


def _moment(text: str, zone: ZoneInfo) -> Micros | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not 1969 <= moment.year <= 2100:
        return -1  # and the first and the last year cannot be reckoned with in every zone
    since = (moment if moment.tzinfo else moment.replace(tzinfo=zone)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds
