"""The canary between its sending and its proof, on a loop whose time a test moves."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from gengfu.app import canary as module
from gengfu.app.canary import CANARY_RULE, Canary, CanarySink
from gengfu.app.look_back import Before
from gengfu.core.clock import SECOND, Micros
from gengfu.core.naming import Bilingual, Scalar, Subject
from gengfu.core.urgency import Kind, Response, Severity
from gengfu.proof import ProofFile
from rules.engine.verdict import Turn, Verdict
from tests.fakes.manual_clock import ManualClock
from tests.fakes.waiting import until


class FakeWay:
    """Takes canaries, or does not; brings none back by itself."""

    def __init__(self) -> None:
        self.is_open = True
        self.sent: list[int] = []

    def publish_own(self, type_: str, attributes: Mapping[str, Scalar]) -> bool:
        assert type_ == "canary"
        number = attributes["number"]
        assert isinstance(number, int)
        self.sent.append(number)
        return self.is_open


class FakeAlerts:
    """Keeps the rules of what it is given."""

    def __init__(self) -> None:
        self.applied: list[tuple[str, int]] = []

    def applied_position(self) -> int:
        return 7

    def apply(self, verdicts: Sequence[Verdict], *, position: int, at: Micros) -> None:
        self.applied += [(one.rule, position) for one in verdicts]


def verdict(rule: str, number: Scalar = None) -> Verdict:
    return Verdict(
        rule=rule,
        site="_gengfu",
        subject=Subject("_core"),
        turn=Turn.OCCURRED,
        position=9,
        at=0,
        since=0,
        kind=Kind.SYSTEM,
        severity=Severity.LOW,
        response=Response.PLANNED,
        priority=6,
        latched=False,
        title=Bilingual(zh="自检", en="Canary"),
        values={"number": number},
    )


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ten seconds a hundredth of one."""
    monkeypatch.setattr(module, "CANARY_SECONDS", 0.01)
    monkeypatch.setattr(module, "SILENCE_SECONDS", 0.2)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("runs", ["", ".", "..", "x", "x.", ".x.."])
async def test_a_broker_is_missed_that_never_knew_us(tmp_path: Path, runs: str) -> None:
    """Whether any run (x) before ever had a canary through is known over all that had none (.)."""
    way, proofs = FakeWay(), ProofFile(tmp_path / "proof")
    for run in runs:
        before = Before(proof=proofs.read(), ended_at=1)
        canary = Canary(way, proofs, ManualClock(), ever=before.was_on_watch)
        task = asyncio.create_task(canary.run())
        sent = len(way.sent)
        await until(lambda sent=sent: len(way.sent) > sent, "a canary")  # type: ignore[misc]
        if run == "x":
            canary.arrived(way.sent[-1])
            await until(lambda canary=canary: canary.proved is True, "the proof")  # type: ignore[misc]
        canary.stopped()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert Before(proof=proofs.read(), ended_at=1).was_on_watch == ("x" in runs)


@pytest.mark.usefixtures("quick")
async def test_a_lost_canary_is_a_proof(tmp_path: Path) -> None:
    """Too early to tell, proved, not proved after a silence, proved again; a strange one proves none."""
    way, proofs, clock = FakeWay(), ProofFile(tmp_path / "proof"), ManualClock()
    canary = Canary(way, proofs, clock)
    task = asyncio.create_task(canary.run())
    await until(lambda: bool(way.sent), "a canary")
    assert canary.proved is None

    canary.arrived(way.sent[-1] + 1)
    await until(lambda: _brought_back(canary, way), "the proof")
    first = proofs.read()
    assert first is not None
    assert first.number == way.sent[-1]

    way.is_open = False
    clock.advance(SECOND)
    await until(lambda: canary.proved is False, "the silence")
    assert proofs.read() == first

    way.is_open = True
    clock.advance(SECOND)
    await until(lambda: way.sent[-1] == clock.at, "another canary")
    await until(lambda: _brought_back(canary, way), "the proof after the outage")
    canary.stopped()
    left = proofs.read()
    assert left is not None
    assert left.stopped
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _brought_back(canary: Canary, way: FakeWay) -> bool:
    canary.arrived(way.sent[-1])
    return canary.proved is True


def test_a_canary_stands_among_alerts(tmp_path: Path) -> None:
    """The sink hands on everything but canaries, with the position of all of them."""
    alerts = FakeAlerts()
    sink = CanarySink(alerts, Canary(FakeWay(), ProofFile(tmp_path / "proof"), ManualClock()))
    sink.apply(
        [verdict(CANARY_RULE, 5), verdict("door.forced"), verdict(CANARY_RULE)], position=12, at=0
    )
    assert alerts.applied == [("door.forced", 12)]
    assert sink.applied_position() == 7
