"""By how much devices are heard late: the worst of late, and no history."""

import pytest

from gateway.lateness import HALVES_S, Lateness
from gengfu.app.journal_keeper import patience
from gengfu.core.clock import SECOND, ScaledClock

AT = 1_763_600_400 * SECOND
RACING = ScaledClock(start=AT + SECOND, rate=60.0, anchor=AT)


def test_a_racing_clock_counts_its_own_seconds() -> None:
    """A minute of a clock that runs sixty times as fast is a second of the machine."""
    lateness = Lateness(RACING)
    lateness.note(AT, AT + 60 * SECOND)
    assert lateness.worst(AT + 60 * SECOND) == pytest.approx(1.0)


def test_one_slow_second_is_forgotten_at_once_or_never() -> None:
    """A lag counts half after a while, and a smaller one does not hide it."""
    lateness = Lateness(RACING)
    lateness.note(AT, AT + 120 * SECOND)
    lateness.note(AT + 180 * SECOND, AT + 186 * SECOND)
    later = AT + 120 * SECOND + round(60 * HALVES_S * SECOND)
    assert lateness.worst(later) == pytest.approx(1.0)


def test_what_was_buffered_for_hours_is_lag() -> None:
    """What a device kept is no sign of a slow machine; nor is a clock that is ahead."""
    lateness = Lateness(RACING)
    lateness.note(AT - 3600 * SECOND, AT)
    lateness.note(AT + 60 * SECOND, AT)
    assert lateness.worst(AT) == 0.0


@pytest.mark.parametrize(
    ("lag", "seconds"), [(0.0, 1), (0.5, 1), (0.51, 2), (1.0, 2), (1.2, 4), (3.0, 8), (9.0, 8)]
)
def test_patience_has_no_end(lag: float, seconds: float) -> None:
    """What happened together may arrive twice as far apart as devices are heard late, in steps."""
    assert patience(lag) == seconds
