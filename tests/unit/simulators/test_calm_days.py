"""An ordinary time dealt from lived days: what it tells is what the machines read."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from gengfu.core.clock import DAY, MINUTE
from gengfu.core.names import PointKind
from gengfu.core.naming import Scalar
from gengfu.ledger.model import SiteLedger
from simulators.device import Machine, Sample
from simulators.estate.catalogue import faults_of
from simulators.estate.estate import estate_of
from simulators.past.calm import Calm
from simulators.past.copies import copies_among, copies_of
from simulators.past.days import QUARTER, QUARTERS, Lived, Words, eve, live, renamed, renumbered
from simulators.past.troubles import AILMENTS, plan
from tests.fakes.small_estate import small_estate
from tests.unit.simulators.stage import CLASSES, MORNING, demo_ledger

LEDGER: SiteLedger = small_estate()
MIDNIGHT = MORNING - MORNING % DAY - 8 * 60 * MINUTE
"""Of a day in China."""


def lived() -> list[Lived]:
    estate = estate_of(LEDGER, CLASSES, start=eve(MIDNIGHT), seed=1, changes=iter(()))
    words = Words()
    return [live(one, LEDGER, CLASSES, words, midnight=MIDNIGHT, days=2) for one in estate.models]


def test_a_counter_runs_back() -> None:
    """Over a week of dealt days counters only grow, by what such days bring; a door is never left open."""
    silent_after = {
        one.id: CLASSES[one.equipment_class].silent_after for one in LEDGER.equipment.values()
    }
    calm = Calm(lived(), Random(1), silent_after)
    seen: dict[tuple[str, str], list[float]] = {}
    heard: dict[str, int] = {}
    for day in range(7):
        calm.begin_day()
        for quarter in range(QUARTERS):
            told = calm.tell(quarter, (quarter - 1) * QUARTER, quarter * QUARTER)
            for number, value in zip(told.columns.tolist(), told.values.tolist(), strict=True):
                column = calm.columns[number]
                seen.setdefault((column.equipment, column.name), []).append(value)
                last = heard.get(column.equipment, day * QUARTERS)
                assert (day * QUARTERS + quarter - last) * QUARTER <= max(
                    QUARTER, silent_after[column.equipment] // 2
                )
                heard[column.equipment] = day * QUARTERS + quarter
    starts = next(values for (_, point), values in seen.items() if point == "starts")
    assert (np.diff(starts) >= 0).all()
    assert 7 * 50 < starts[-1] - starts[0] < 7 * 3000
    assert {
        value for (_, point), values in seen.items() if point == "contact" for value in values
    } == {float(list(CLASSES["door"].points["contact"].words).index("closed"))}


def test_parts_that_lived_apart_mix_up_their_texts() -> None:
    """A text means the same, whichever texts of others come before it."""
    estate = estate_of(LEDGER, CLASSES, start=eve(MIDNIGHT), seed=1, changes=iter(()))
    lift, words = next(one for one in estate.models if "lift-1" in one.equipment), Words()
    alone = live(lift, LEDGER, CLASSES, words, midnight=MIDNIGHT, days=1)
    joined, texts = renumbered(alone, 2), ["E07", "E21", *words.all]
    for number, column in enumerate(alone.columns):
        own, shared = (one.days[0].values[:, number] for one in (alone, joined))
        if column.point.kind is PointKind.TEXT:
            told = [texts[int(value)] for value in shared]
            assert told == ["00"] * QUARTERS
        else:
            np.testing.assert_array_equal(own, shared)


def test_a_site_of_its_own_passes_for_a_copy() -> None:
    """Only a site that is another one again, to the last line of its ledger, is its copy."""
    first, second, third = copies_of([LEDGER], 3)
    lift = third.equipment["lift-1-s3"]
    other = replace(third, equipment={**third.equipment, lift.id: replace(lift, place="elsewhere")})
    assert other != third
    found = {one.site: one.original for one in copies_among([first, second, third])}
    assert found == {second.site.id: first.site.id, third.site.id: first.site.id}
    assert [one.site for one in copies_among([first, second, other])] == [second.site.id]
    assert not list(copies_among([second, third]))


def test_a_copy_speaks_as_its_original() -> None:
    """A copy's days are the original's, told under its own names: the ledger knows every one."""
    ledgers = copies_of([LEDGER], 2)
    (copy,) = copies_among(ledgers)
    for one in lived():
        its = renamed(one, copy.names)
        assert {column.equipment for column in its.columns} <= ledgers[1].equipment.keys()
        for day, again in zip(one.days, its.days, strict=True):
            np.testing.assert_array_equal(day.values, again.values)
            told = [(at, copy.names[h.equipment], h.type, h.attributes) for at, h in day.events]
            assert [(at, h.equipment, h.type, h.attributes) for at, h in again.events] == told


SAID = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 4 * MINUTE, QUARTER, 7 * QUARTER]) | st.integers(0, QUARTER),
        st.sampled_from(["open", "closed"]),
    ),
    max_size=40,
)


@example([(9 * MINUTE, "closed"), (0, "open")])
@given(SAID)
def test_a_quarter_hour_keeps_a_passing_state(said: list[tuple[int, str]]) -> None:
    """Each quarter hour has the last reading of the state that lasted longest in it, however told."""
    samples, at = [], MIDNIGHT - MINUTE
    for openings, (pause, contact) in enumerate([(0, "closed"), (MINUTE, "closed"), *said]):
        at = min(at + pause, MIDNIGHT + DAY - 1)
        points: dict[str, Scalar] = {"contact": contact, "locked": True, "openings": openings}
        samples.append(Sample(equipment="door-1", at=at, points=points))
    kept = live(Told(samples), LEDGER, CLASSES, Words(), midnight=MIDNIGHT, days=1)
    number = [one.name for one in kept.columns].index("openings")
    assert kept.days[0].values[:, number].tolist() == [
        longest(samples[1:], MIDNIGHT + quarter * QUARTER) for quarter in range(QUARTERS)
    ]


def longest(samples: list[Sample], begins: int) -> Scalar:
    """Return what was counted last in the state that lasted longest in a quarter hour."""
    spent: dict[Scalar, int] = {}
    last: dict[Scalar, Scalar] = {}
    ends = [one.at for one in samples[1:]] + [MIDNIGHT + DAY]
    for one, end in zip(samples, ends, strict=True):
        inside = min(end, begins + QUARTER) - max(one.at, begins)
        if inside > 0:
            contact = one.points["contact"]
            spent[contact] = spent.get(contact, 0) + inside
            last[contact] = one.points["openings"]
    return last[max(spent, key=spent.__getitem__)]


class Told(Machine):
    """A door that says what it is told to."""

    def __init__(self, samples: list[Sample]) -> None:
        super().__init__("door-1", samples[0].at)
        self.samples = samples

    def story(self) -> Iterator[int]:
        for one in self.samples:
            yield from self.until(one.at)
            self._said.append(one)
        yield MIDNIGHT + 2 * DAY


def test_a_trouble_that_nothing_plays() -> None:
    """Every fault of the yearly plan is one that its class knows, and machines have one at a time."""
    for name, ailments in AILMENTS.items():
        assert {one.fault for one in ailments} <= faults_of(name), name
    ledger = demo_ledger()
    troubles = plan(ledger, start=MIDNIGHT, end=MIDNIGHT + 60 * DAY, seed=1, often=20.0)
    assert len(troubles) > 100
    ends: dict[str, int] = {}
    for one in troubles:
        assert ends.get(one.injection.equipment, 0) <= one.begins < one.ends
        ends[one.injection.equipment] = one.ends
