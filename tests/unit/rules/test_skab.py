"""The pump pack on a real pump loop (SKAB, waico, GPL-3.0: read where it lies, never copied)."""

from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.skab import Recording, Tally, judged, read, tally

SKAB = Path(__file__).parents[4] / "shared" / "data" / "skab"
ALARMS = ("pump.flow_below_normal", "pump.vibration_above_normal")

pytestmark = pytest.mark.skipif(not SKAB.is_dir(), reason="../shared/data/skab is not here")


def recording(name: str, *, points: int | None = None) -> Recording:
    whole = read(SKAB / f"{name}.csv")
    return Recording(
        name=name,
        times=whole.times[:points],
        samples=whole.samples[:points],
        labels=whole.labels[:points],
    )


def test_the_closing_valve_is_seen_in_time() -> None:
    """The first alert opens inside the labelled window, or within a minute after it."""
    played = recording("valve1-0")
    first = judged(played, ALARMS).index(True)
    assert played.labels.index(True) <= first
    assert any(played.labels[first - 60 : first + 1])


def test_an_hour_without_faults_is_an_hour_without_alerts() -> None:
    """The fault-free recording, in which flow and temperatures wander, opens nothing.

    The hint is on once, for a minute in which the flow really was 3 % less.
    """
    played = recording("anomaly-free", points=3600)
    assert not any(judged(played, ALARMS))
    hint = judged(played)
    assert sum(now and not before for before, now in pairwise([False, *hint])) == 1
    assert sum(hint) <= 65


def test_the_hint_finds_most_of_what_is_labelled_and_little_else() -> None:
    """Over all files, as the protocol counts: F1 at least 0.83, false alarms at most 10 %."""
    found = Tally()
    for path in sorted(SKAB.glob("*.csv")):
        played = read(path)
        if any(played.labels):
            found += tally(judged(played), played.labels)
    assert found.f1 >= 0.83, str(found)
    assert found.false_alarms <= 0.10, str(found)
