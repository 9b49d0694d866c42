"""What must hold of guarded hours and of a calendar: both are typed by hand, from a notice or a contract."""

from collections.abc import Iterator, Sequence
from datetime import date

from gengfu.core.hours import NO_CALENDAR, DayKind, is_of, read_timetable
from gengfu.core.said import NOTHING, Misread, Said, said
from gengfu.ledger.model import SpecialDays

MOST_DAYS = 31
"""No holiday is longer; a longer one is a slip in the year or the month."""
MAX_TIMETABLE = 200


def guarded_flaw(text: str) -> Said:
    """Return what is wrong with guarded hours; empty = nothing."""
    if len(text) > MAX_TIMETABLE:
        return said("at most {} characters are expected", MAX_TIMETABLE)
    try:
        read_timetable(text)
    except Misread as exc:
        return exc.said
    return NOTHING


def calendar_flaws(special_days: Sequence[SpecialDays]) -> Iterator[tuple[date, str, Said, Said]]:
    """Yield (first day, column, message, mend) of everything wrong with a site's calendar."""
    taken: dict[date, SpecialDays] = {}
    for one in special_days:
        length = (one.last - one.first).days + 1
        if length < 1:
            yield (
                one.first,
                "to",
                said("it ends before it begins"),
                said("the last day; empty = a single one"),
            )
        elif length > MOST_DAYS:
            yield (
                one.first,
                "to",
                said("no holiday has {} days", length),
                said("look at year and month"),
            )
        else:
            yield from ((one.first, *flaw) for flaw in _flaws(one, taken))


def _flaws(one: SpecialDays, taken: dict[date, SpecialDays]) -> Iterator[tuple[str, Said, Said]]:
    idle = [day for day in one.dates() if is_of(day, DayKind.WORKDAY, NO_CALENDAR)]
    if one.day is DayKind.RESTDAY:
        yield "day", said("'restday' is what holidays and weekends are"), said("holiday or workday")
    elif one.day is DayKind.WORKDAY and idle:
        mend = said("only weekends that are worked in exchange (调休) stand here: look at the date")
        yield "from", said("{} is a working day anyhow", idle[0]), mend
    twice = [day for day in one.dates() if taken.setdefault(day, one) is not one]
    if twice:
        mend = said("a day stands in one row only")
        yield "from", said("{} stands in the row of {} too", twice[0], taken[twice[0]].first), mend
