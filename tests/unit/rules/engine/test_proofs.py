"""Second proofs: the same alerts in whatever order events arrive, and wherever one restarts."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gengfu.core.clock import MINUTE, SECOND
from gengfu.core.errors import BadInput
from gengfu.core.naming import Bilingual
from gengfu.core.record import LedgerChange
from gengfu.ledger import snapshot
from gengfu.ledger.model import Part, Place, PlaceKind, ZoneKind
from rules.engine import checkpoint
from rules.engine.proofs import MOST
from rules.engine.step import begin, step
from rules.engine.verdict import Verdict
from rules.language.reader import read_rules
from tests.fakes.rule_scene import CLASSES, SITE, Scene, equipment, ledger, turned_on

RULE = """
pack: t
rules:
  - id: intrusion
    for: perimeter
    event: {event: alarm}
    subject: part
    confirmed_by: {for: camera, event: person, duration_s: [">= 3", none], in: zone, within: 10s}
    clear: [{action: reset}]
    severity: high
    kind: security
    priority: 3
    title: {zh: 入侵, en: intrusion}
    source: U test
  - id: two_sections
    for: perimeter
    event: {event: alarm}
    confirmed_by: {for: perimeter, event: alarm, in: site, within: 5s}
    clear: [{action: reset}]
    severity: high
    kind: security
    priority: 3
    title: {zh: 两段, en: two sections}
    source: U test
"""


def _zone(name: str) -> Place:
    said = Bilingual(zh=name, en=name)
    return Place(
        id=name, kind=PlaceKind.ZONE, zone_kind=ZoneKind.ARMED_AREA, name=said, parent="b1"
    )


def _part(address: str, place: str | None) -> Part:
    said = Bilingual(zh=address, en=address)
    return Part(address=address, type="beam", name=said, place=place)


SECTIONS = {"north-1": "north", "north-2": "north", "south-1": "south", "anywhere": None}
"""Where each stands; None: nobody wrote it, so where the host stands, in no zone."""
HOST = replace(
    equipment("host", "perimeter"),
    parts={address: _part(address, place) for address, place in SECTIONS.items()},
)
CAMERAS = {"cam-n": "north", "cam-s": "south", "cam-lobby": "b1"}
ESTATE = (HOST, *(replace(equipment(id_, "camera"), place=at) for id_, at in CAMERAS.items()))


def scene(rule: str = RULE) -> Scene:
    found = Scene(ESTATE, {"t.yaml": rule})
    estate = ledger(*ESTATE)
    places = {**estate.places, "north": _zone("north"), "south": _zone("south")}
    found.write(LedgerChange(SITE, snapshot.encode(replace(estate, places=places))))
    found.now += MINUTE  # so that events may be older than the estate
    found.tick()
    return found


class Seen(NamedTuple):
    """One event; ``at`` and ``lag`` in seconds."""

    who: str
    at: int
    lag: int
    lasted: float | None = None


def _say(scene: Scene, every: Sequence[Seen]) -> None:
    """Tell events in the order in which they arrive."""
    start = scene.now
    for one in sorted(every, key=lambda one: one.at + one.lag):
        scene.now = start + (one.at + one.lag) * SECOND
        if one.who in SECTIONS:
            scene.event("host", "alarm", one.who, ago=one.lag, cause="beam")
        else:
            told: dict[str, Any] = {} if one.lasted is None else {"duration_s": one.lasted}
            scene.event(one.who, "person", ago=one.lag, **told)


def _expected(every: Sequence[Seen]) -> set[str]:
    """Say what must open by looking at all pairs."""
    found: set[str] = set()
    alarms = [one for one in every if one.who in SECTIONS]
    for alarm in alarms:
        for other in every:
            zone = SECTIONS[alarm.who]
            long = other.lasted is None or other.lasted >= 3
            if zone and CAMERAS.get(other.who) == zone and long and abs(alarm.at - other.at) <= 10:
                found.add(f"t.intrusion host/{alarm.who}")
            if other in alarms and other.who != alarm.who and abs(alarm.at - other.at) <= 5:
                found.add("t.two_sections host")
    return found


EVENTS = st.builds(
    Seen,
    st.sampled_from([*SECTIONS, *CAMERAS]),
    st.integers(0, 40),
    st.integers(0, 30),
    st.sampled_from([None, 2.9, 3.0, 20.0]),
)


@given(st.lists(EVENTS, max_size=8), st.integers(0, 12))
@example([Seen("north-1", 10, 0), Seen("cam-n", 20, 0)], 0)
@example([Seen("north-1", 10, 0), Seen("cam-n", 21, 0)], 0)
@example([Seen("north-1", 10, 29), Seen("cam-n", 2, 0, 3.0)], 4)
def test_order_of_arrival_or_a_restart_decides(every: list[Seen], restart: int) -> None:
    """Whatever arrives first or last, all that two devices prove opens, nothing else, each once.

    The same when the engine is stopped after any record and goes on from its checkpoint.
    """
    told = scene()
    _say(told, every)
    state, verdicts = begin(CLASSES), list[Verdict]()
    for number, record in enumerate(told.records):
        state, found = step(state, record.body(), position=number + 1, now=record.written_at)
        verdicts += found
        if number == restart + 5:
            state = checkpoint.decode(checkpoint.encode(state), CLASSES)
    opened = turned_on(verdicts)
    assert set(opened) == _expected(every)
    assert len(opened) == len(set(opened))


def test_it_opens_before_both_happened() -> None:
    """It is on since the second of both happened, by the devices' own time."""
    told = scene()
    start = told.now
    _say(told, [Seen("north-1", 10, 20), Seen("cam-n", 4, 0)])
    (found,) = told.run()
    assert (found.since - start, found.at - start) == (10 * SECOND, 30 * SECOND)


def test_more_proofs_count_as_more_intrusions() -> None:
    """One alarm with three people in view is one occurrence; a second alarm is another."""
    told = scene()
    people = [Seen("cam-n", at, 0) for at in (1, 2, 3)]
    _say(told, [Seen("north-1", 0, 0), *people, Seen("north-1", 6, 0)])
    assert told.told() == ["t.intrusion on host/north-1", "t.intrusion occurred host/north-1"]


def test_a_flood_is_remembered_for_ever() -> None:
    """A device that tells thousands of events costs neither memory nor the newest proof."""
    told = scene()
    _say(told, [Seen("cam-s", at // 100, 0) for at in range(3 * MOST)])
    told.event("host", "alarm", "south-1", cause="beam")
    state, found = told.judged()
    kept = [own for tellers in state.halves.told.values() for own in tellers.values()]
    assert sum(map(len, kept)) == MOST + 1
    assert turned_on(found) == ["t.intrusion host/south-1"]


@pytest.mark.parametrize("flooding", ["cam-s", "south-1"])
def test_a_flood_drowns_what_waits_for_its_proof(flooding: str) -> None:
    """However often a camera sees people or a section trips meanwhile, an alarm still finds its own."""
    told = scene()
    _say(told, [Seen("north-1", 0, 0), *(Seen(flooding, 1, 0) for _ in range(12 * MOST))])
    _say(told, [Seen("cam-n", 6, 0)])
    assert "t.intrusion host/north-1" in turned_on(told.run())


@pytest.mark.parametrize(
    ("proof", "message"),
    [
        ("{for: camera, event: person}", "lacks in, within"),
        ("{for: camara, event: person, in: zone, within: 10s}", "no class 'camara'"),
        ("{for: camera, event: persons, in: zone, within: 10s}", "no event 'persons'"),
        ("{for: camera, event: person, in: supply, within: 10s}", "nearness is that of places"),
        ("{for: camera, event: person, in: zone, within: 1h}", "within 5 minutes"),
        ("{for: camera, event: person, color: red, in: zone, within: 9s}", "no attribute 'color'"),
    ],
)
def test_a_proof_nobody_can_give_is_taken(proof: str, message: str) -> None:
    """What is wrong with a proof is told with its line, and what would be right."""
    text = RULE.replace(
        '{for: camera, event: person, duration_s: [">= 3", none], in: zone, within: 10s}', proof
    )
    with pytest.raises(BadInput) as told:
        read_rules({"t.yaml": text}, CLASSES)
    (fault,) = told.value.faults
    assert message in fault.message
    assert fault.place.endswith("8")
