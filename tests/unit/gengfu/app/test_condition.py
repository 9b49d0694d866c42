"""Gengfu's own condition: told when it changes, and now and then."""

import asyncio
from collections.abc import Mapping

import pytest

from gengfu.app import condition
from gengfu.app.condition import Patience, tell_condition, tell_start
from gengfu.app.look_back import Before
from gengfu.core.clock import MINUTE
from gengfu.core.naming import Scalar
from gengfu.proof import Proof
from ingest.journal.port import Damage, Flaw
from ingest.safety.doubled import Compared
from tests.fakes.manual_clock import ManualClock
from tests.fakes.waiting import until


class FakeEar:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.points: list[Mapping[str, Scalar]] = []
        self.events: list[tuple[str, Mapping[str, Scalar]]] = []

    def note_points(self, points: Mapping[str, Scalar]) -> None:
        self.points.append(points)

    def note_event(
        self, type_: str, attributes: Mapping[str, Scalar], part: str | None = None
    ) -> None:
        self.events.append((type_, attributes))


async def test_a_change_waits_and_a_stall_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change is told at the next look, what stays the same rarely, and a long gap as an event."""
    monkeypatch.setattr(condition, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(condition, "STALL_SECONDS", 0.2)
    ear, now = FakeEar(), {"disk_full": False}
    task = asyncio.create_task(tell_condition(ear, lambda: dict(now)))
    await until(lambda: len(ear.points) == 1, "the first word")
    now["disk_full"] = True
    await until(lambda: len(ear.points) == 2, "the change")
    monkeypatch.setattr(condition, "STALL_SECONDS", 0.0)
    await until(lambda: bool(ear.events), "the stall")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert ear.points[:2] == [{"disk_full": False}, {"disk_full": True}]
    assert ear.events[0] == ("back", {"after": "stall", "away_s": 0})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "nothing"),
        (Proof(number=3, at=1, stopped=True), "stop"),
        (Proof(number=3, at=1), "failure"),
        (Proof(number=0, at=0), "failure"),
    ],
)
def test_a_failure_looks_planned(before: Proof | None, after: str) -> None:
    """What core says of its absence follows from what the run before left."""
    ear, clock = FakeEar(), ManualClock()
    for ended_at in (clock.now() - MINUTE, 0):
        tell_start(ear, Before(proof=before, ended_at=ended_at), clock)
    assert ear.events == [("back", {"after": after, "away_s": s}) for s in (60, 0)]


def test_mending_is_kept_quiet() -> None:
    """What the two records of life-safety events differed in is told."""
    ear, clock = FakeEar(), ManualClock()
    bad = Damage(file="2026-11.log", flaw=Flaw.BAD_CHECKSUM)
    found = Compared(again=2, added=1, damages=(bad,))
    tell_start(ear, Before(proof=None, ended_at=0, compared=found), clock)
    assert ear.events[1:] == [
        ("safety_mended", {"events": 2}),
        ("journal_damaged", {"file": "2026-11.log", "flaw": "bad_checksum", "records": 0}),
    ]


def test_a_short_outage_is_an_outage() -> None:
    """What does not work is unknown at first, broken after its time, and works again at once."""
    broker = Patience(10.0)
    said = [
        broker.judge(works, now)
        for works, now in [
            *((False, 0.0), (False, 9.9), (False, 10.0)),
            *((True, 11.0), (False, 12.0), (False, 21.9), (True, 22.0), (False, 23.0)),
            *((False, 33.0),),
        ]
    ]
    assert said == [None, None, False, True, True, True, True, True, False]
