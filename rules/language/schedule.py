"""When a rule looks: by the clock, the calendar and the guarded time of where an equipment stands."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

from gengfu.core.clock import Micros
from gengfu.core.hours import Calendar, Schedule, read_timetable
from gengfu.ledger.model import SiteLedger

GUARDED, UNGUARDED = "guarded", "unguarded"
ALWAYS = Schedule()


@dataclass(frozen=True, slots=True)
class PlaceClock:
    """What time, what day and what watch it is at a place."""

    zone: ZoneInfo
    calendar: Calendar
    guarded: tuple[Schedule, ...]
    """Its guarded time (布防时段); empty = nobody wrote any down."""

    def is_guarded(self, at: Micros) -> bool | None:
        """Tell whether the place is guarded then; None = nobody said when it is."""
        if not self.guarded:
            return None
        return any(one.holds(at, self.zone, self.calendar) for one in self.guarded)


@dataclass(frozen=True, slots=True, kw_only=True)
class During:
    """Hours and days, or the guarded time (``guarded`` False: the rest of the time), or both at once.

    Where nobody wrote down when a place is guarded neither ``guarded`` nor ``unguarded`` holds: what
    is not known must be the last, general case of a severity, never the milder one by accident.
    """

    schedule: Schedule = ALWAYS
    guarded: bool | None = None

    def holds(self, at: Micros, clock: PlaceClock) -> bool:
        """Tell whether a moment lies within, at the place of ``clock``."""
        if self.guarded is not None and clock.is_guarded(at) is not self.guarded:
            return False
        return self.schedule.holds(at, clock.zone, clock.calendar)


def clocks_of(ledger: SiteLedger) -> Callable[[str], PlaceClock]:
    """Return what tells the clock of a site's place, by the place's id."""
    zone, calendar = ZoneInfo(ledger.site.time_zone), ledger.calendar()

    @cache
    def of_timetable(guarded: str) -> PlaceClock:
        return PlaceClock(zone, calendar, read_timetable(guarded))

    return lambda place: of_timetable(ledger.guarded_at(place))
