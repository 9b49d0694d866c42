"""Whose calendar has run out: what rules ask of it, nobody wrote down for the year that comes.

A calendar is copied from a yearly notice. When nobody does, a holiday becomes a working day without a word.
"""

from collections.abc import Iterable, Iterator

from gengfu.core.clock import DAY, Micros, to_utc
from gengfu.core.hours import Schedule, read_timetable
from gengfu.ledger.model import SiteLedger
from rules.language.rule import Rule

AHEAD: Micros = 30 * DAY
"""How long before a year begins its days are asked for."""


def calendars_due(
    rules: Iterable[Rule], ledgers: Iterable[SiteLedger], now: Micros
) -> Iterator[tuple[SiteLedger, int]]:
    """Yield the sites whose kinds of days are asked for, and the year that none is written down for."""
    year = to_utc(now + AHEAD).year
    asked = any(_asks(one) for one in rules)
    for ledger in ledgers:
        known = {day.year for one in ledger.special_days for day in (one.first, one.last)}
        if year not in known and (asked or _guards_by_days(ledger)):
            yield ledger, year


def _asks(rule: Rule) -> bool:
    timed = [during for during, _ in rule.severities]
    return any(one is not None and one.schedule.days for one in (rule.during, *timed))


def _guards_by_days(ledger: SiteLedger) -> bool:
    texts = {ledger.site.guarded, *(place.guarded for place in ledger.places.values())}
    schedules: Iterator[Schedule] = (one for text in texts for one in read_timetable(text))
    return any(one.days for one in schedules)
