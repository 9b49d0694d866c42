"""Hours of some days by a local wall clock: over midnight, daylight saving, holidays and worked weekends.

A weekday does not say whether people work: a public holiday is a Thursday off, and the Saturday that
is worked in exchange (调休) is a working day. Only a calendar knows; who keeps none has weekends.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias
from zoneinfo import ZoneInfo

from gengfu.core.clock import DAY, MINUTE, Micros, wall
from gengfu.core.said import Misread, Said, said

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*-\s*([01]?\d|2[0-4]):([0-5]\d)")
_DAY = 24 * 60
_ONE_DAY = timedelta(days=1)
_FIRST = date(1970, 1, 1)
_WORKED = 5
"""Monday to Friday."""
_FULL_WIDTH = str.maketrans("；，、：－～~–—０１２３４５６７８９", ";,,:-----0123456789")
"""What a Chinese keyboard types."""


class DayKind(StrEnum):
    """What sort of day it is where people live by the calendar."""

    WORKDAY = "workday"
    """工作日: Monday to Friday but for holidays, and weekends worked in exchange."""
    RESTDAY = "restday"
    """休息日: every other day, holidays among them."""
    HOLIDAY = "holiday"
    """节假日: only what the calendar calls so."""


Calendar: TypeAlias = Mapping[date, DayKind]
"""The dates that are not what their weekday says: a ``HOLIDAY``, or a ``WORKDAY`` of a weekend."""
NO_CALENDAR: Calendar = MappingProxyType({})


def is_of(day: date, kind: DayKind, calendar: Calendar) -> bool:
    """Tell whether a date is of a kind."""
    said = calendar.get(day)
    if kind is DayKind.HOLIDAY:
        return said is DayKind.HOLIDAY
    works = day.weekday() < _WORKED if said is None else said is DayKind.WORKDAY
    return works is (kind is DayKind.WORKDAY)


@dataclass(frozen=True, slots=True)
class Hours:
    """A part of the day in minutes after midnight, [start, end); an end before its start is tomorrow's."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Hours of some days. What begins on a Friday evening is Friday's until it ends."""

    hours: tuple[Hours, ...] = (Hours(0, _DAY),)
    weekdays: frozenset[int] = frozenset(range(7))
    """0 = Monday."""
    days: frozenset[DayKind] = frozenset()
    """Of one of these kinds; empty = of any."""

    def holds(self, at: Micros, zone: ZoneInfo, calendar: Calendar = NO_CALENDAR) -> bool:
        """Tell whether a moment lies within, by the wall clock of ``zone``."""
        days, time = divmod(wall(at, zone), DAY)
        minute, today = time // MINUTE, _FIRST + timedelta(days)
        return any(
            (_begins_today(one, minute) and self._is_day(today, calendar))
            or (
                one.end < one.start
                and minute < one.end
                and self._is_day(today - _ONE_DAY, calendar)
            )
            for one in self.hours
        )

    def _is_day(self, day: date, calendar: Calendar) -> bool:
        if day.weekday() not in self.weekdays:
            return False
        return not self.days or any(is_of(day, kind, calendar) for kind in self.days)


def _begins_today(one: Hours, minute: int) -> bool:
    return one.start <= minute < (one.end if one.end > one.start else _DAY)


def half_width(text: str) -> str:
    """Return hours and days in the signs that they are read in: ``22：00～06：00`` is ``22:00-06:00``."""
    return text.translate(_FULL_WIDTH)


def read_hours(text: str) -> Hours:
    """Read ``22:00-06:00``.

    Raises:
        Misread: it is none, or is empty.
    """
    match = _HOURS.fullmatch(half_width(text).strip())
    if match is None:
        raise Misread(said("{!r} is no part of a day", text))
    start, end = (int(match[one]) * 60 + int(match[one + 1]) for one in (1, 3))
    if start in (end, _DAY) or max(start, end) > _DAY:
        raise Misread(said("{!r} is empty, or goes beyond 24:00", text))
    return Hours(start, end)


def read_weekdays(words: Sequence[str]) -> frozenset[int]:
    """Read weekdays such as ``mon`` and ``sat``.

    Raises:
        Misread: one is none of them.
    """
    unknown = [word for word in words if word not in WEEKDAYS]
    if unknown or not words:
        raise Misread(_no_days(unknown, WEEKDAYS))
    return frozenset(WEEKDAYS.index(word) for word in words)


def read_days(words: Sequence[str]) -> frozenset[DayKind]:
    """Read kinds of days: ``workday``, ``restday``, ``holiday``.

    Raises:
        Misread: one is none of them.
    """
    unknown = [word for word in words if word not in set(DayKind)]
    if unknown or not words:
        raise Misread(_no_days(unknown, tuple(DayKind)))
    return frozenset(map(DayKind, words))


def _no_days(given: Sequence[str], known: Sequence[str]) -> Said:
    lacks = said("has {}", ", ".join(given)) if given else said("has no day")
    return said("{}: write {}", lacks, ", ".join(known))


@lru_cache(maxsize=1024)
def read_timetable(text: str) -> tuple[Schedule, ...]:
    """Read a timetable as a cell of a spreadsheet has it: ``workday 19:00-07:00; restday 00:00-24:00``.

    Each piece is hours, before them the days that they begin on (weekdays or kinds of days; none:
    every day). Several of either are separated by commas.

    Raises:
        Misread: a piece is no such thing.
    """
    return tuple(_read_piece(one) for one in half_width(text).split(";") if one.strip())


def _read_piece(text: str) -> Schedule:
    first, _, rest = text.strip().partition(" ")
    named, hours = (first, rest) if first[0].isalpha() else ("", text)
    words = named.split(",") if named else []
    return Schedule(
        hours=tuple(map(read_hours, hours.split(","))),
        weekdays=read_weekdays(words) if set(words) & set(WEEKDAYS) else Schedule().weekdays,
        days=read_days(words) if words and not set(words) & set(WEEKDAYS) else frozenset(),
    )
