"""A clock that nobody stops runs out for ever: an untaken alert must stay loud, and its story short.

Every reminder is a line of its own in the timeline and stays there. Whoever reads the story of an
alert gets of one clock's run the first few, whose times matter to a night's review, and the last,
whose ``round`` says how many there were. So a story grows with what happened, not with the silence.
"""

from collections.abc import Iterable, Iterator

from alerts.model import SYSTEM_ACTOR, Alert, Entry, What
from gengfu.core.clock import Micros

FIRST_TOLD = 10
"""So many reminders of one run are told one by one."""


def reminder(alert: Alert, version: int, at: Micros) -> Entry:
    """Return the line of an alert whose clock runs out ``at``."""
    return Entry(
        alert=alert.id,
        version=version,
        at=at,
        actor=SYSTEM_ACTOR,
        what=What.TIMER.value,
        attributes={"clock": alert.due_what, "round": alert.due_round + 1},
    )


def round_of(entry: Entry) -> int:
    """Return how often the clock of a reminder had run out with it: 1 begins a run; 0 = no reminder."""
    if entry.what != What.TIMER:
        return 0
    counted = entry.attributes.get("round")
    return counted if isinstance(counted, int) else 1


def told(newest_first: Iterable[Entry], first: int = FIRST_TOLD) -> Iterator[Entry]:
    """Leave out the reminders that a later one of their run counts, but the run's ``first`` ones."""
    later = 1
    for entry in newest_first:
        nth = round_of(entry)
        if nth <= first or later == 1:
            yield entry
        later = nth or later
