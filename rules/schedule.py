"""When a rule looks: hours and weekdays on the site's own clock, over midnight and daylight saving."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from gengfu.core.clock import Micros, to_utc

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*-\s*([01]?\d|2[0-4]):([0-5]\d)")
_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """A part of the day in minutes after midnight, [start, end); an end before its start is tomorrow's."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Hours of some weekdays. What begins on a Friday evening is Friday's until it ends."""

    hours: tuple[Hours, ...] = (Hours(0, _DAY),)
    weekdays: frozenset[int] = frozenset(range(7))
    """0 = Monday."""

    def holds(self, at: Micros, zone: ZoneInfo) -> bool:
        """Tell whether a moment lies within, by the wall clock of ``zone``."""
        local = to_utc(at).astimezone(zone)
        minute, today = local.hour * 60 + local.minute, local.weekday()
        yesterday = (local - timedelta(days=1)).weekday()
        return any(
            (_begins_today(one, minute) and today in self.weekdays)
            or (one.end < one.start and minute < one.end and yesterday in self.weekdays)
            for one in self.hours
        )


def _begins_today(one: Hours, minute: int) -> bool:
    return one.start <= minute < (one.end if one.end > one.start else _DAY)


def read_hours(text: str) -> Hours:
    """Read ``22:00-06:00``.

    Raises:
        ValueError: it is none, or is empty.
    """
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise ValueError("is no part of a day")
    start, end = (int(match[one]) * 60 + int(match[one + 1]) for one in (1, 3))
    if start in (end, _DAY) or max(start, end) > _DAY:
        raise ValueError("is empty, or goes beyond 24:00")
    return Hours(start, end)


def read_weekdays(words: Sequence[str]) -> frozenset[int]:
    """Read weekdays such as ``mon`` and ``sat``.

    Raises:
        ValueError: one is none of them.
    """
    unknown = [word for word in words if word not in WEEKDAYS]
    if unknown or not words:
        raise ValueError(f"has {', '.join(unknown) or 'no day'}: write {', '.join(WEEKDAYS)}")
    return frozenset(WEEKDAYS.index(word) for word in words)
