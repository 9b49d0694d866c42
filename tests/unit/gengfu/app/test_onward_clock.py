"""Core's clock on a host whose clock is stepped (F17)."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.read import AlertFilter, AlertReader
from alerts.schema import open_alerts
from alerts.service import AlertService
from gengfu.app.onward_clock import DOUBT, SETTLING, STEP, OnwardClock
from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND, Micros
from gengfu.proof import CoreTime, Proof, ProofFile
from tests.fakes.alerts import FIRE
from tests.fakes.manual_clock import ManualClock


@dataclass
class Machine:
    """A host's clock that people set, and the time that really passes."""

    host: ManualClock = field(default_factory=ManualClock)
    real: Micros = 77 * DAY

    def pass_by(self, span: Micros) -> None:
        self.real += span
        self.host.advance(span)

    def watch(self, floor: Micros = 0) -> OnwardClock:
        """Return a clock that has been asked once a second for long enough to know the host."""
        clock = OnwardClock(self.host, floor, lambda: self.real)
        self.pass_by(SETTLING + SECOND)
        clock.now()
        return clock


STEPS = st.lists(
    st.tuples(st.integers(0, 3 * HOUR), st.integers(-400 * DAY, 400 * DAY)), max_size=50
)


@given(STEPS, st.integers(0, 2 * 10**15))
def test_time_goes_back_or_stands_still(steps: list[tuple[int, int]], floor: int) -> None:
    """However the host's clock is stepped, whatever an earlier run wrote down: a minute is 48 s at least."""
    machine = Machine()
    clock = OnwardClock(machine.host, floor, lambda: machine.real)
    told = clock.now()
    assert told >= floor
    for passed, step in steps:
        machine.pass_by(passed)
        machine.host.advance(step)
        before, told = told, clock.now()
        assert told - before >= passed * 4 // 5


@given(STEPS)
def test_a_jump_reaches_what_waits(steps: list[tuple[int, int]]) -> None:
    """Once it is settled, less than an hour of any wrong time makes no more time pass than passes."""
    machine, left = Machine(), DOUBT - SECOND
    clock = machine.watch()
    told = clock.now()
    for passed, step in steps:
        left -= passed
        if left <= 0:
            return
        machine.pass_by(passed)
        machine.host.advance(step)
        before, told = told, clock.now()
        assert told - before <= passed + STEP


@given(st.integers(MINUTE, 400 * DAY), st.integers(0, DOUBT - SECOND))
def test_a_mishap_leaves_a_trace(jump: Micros, lasted: Micros) -> None:
    """Days ahead and mended within the hour: told meanwhile, and afterwards all is as if nothing had been."""
    machine = Machine()
    clock = machine.watch()
    machine.host.advance(jump)
    machine.pass_by(SECOND)
    clock.now()
    assert clock.off() == -jump
    machine.pass_by(lasted)
    clock.now()
    machine.host.advance(-jump)
    machine.pass_by(SECOND)
    assert clock.now() == machine.host.at
    assert clock.off() == 0


def test_a_right_time_is_never_taken() -> None:
    """After an hour a host that stands by its time is followed."""
    machine = Machine()
    clock = machine.watch()
    machine.host.advance(3 * DAY)
    for _ in range(60):
        assert clock.now() < machine.host.at - 2 * DAY
        machine.pass_by(MINUTE)
    assert clock.now() == machine.host.at
    assert clock.off() == 0


def test_a_machine_without_a_battery() -> None:
    """Its clock is right a minute after the boot: that is followed at once."""
    machine = Machine()
    clock = OnwardClock(machine.host, 0, lambda: machine.real)
    machine.pass_by(MINUTE)
    machine.host.advance(300 * DAY)
    assert clock.now() == machine.host.at


@pytest.mark.parametrize("restarted", [False, True])
def test_a_clock_set_back_is_never_met_again(restarted: bool) -> None:
    """An hour ahead it goes a fifth slower, tells by how much, and is right after five hours."""
    machine = Machine()
    clock = machine.watch()
    before = clock.now()
    machine.host.advance(-HOUR)
    if restarted:
        clock = OnwardClock(machine.host, before, lambda: machine.real)
    assert clock.now() == before
    assert clock.off() == HOUR
    for minute in range(1, 5 * 60):
        machine.pass_by(MINUTE)
        assert clock.now() == before + minute * 48 * SECOND
        assert clock.ahead() == HOUR - minute * 12 * SECOND
    machine.pass_by(MINUTE)
    assert clock.now() == machine.host.at


def test_escalation_hears_of_the_host_s_clock(tmp_path: Path) -> None:
    """Days ahead nothing is called early; set back for good, a minute is 75 s, also over a restart."""
    machine, engine = Machine(), open_alerts(tmp_path / "alerts.db")
    clock = machine.watch()
    service = AlertService(engine, clock)
    service.apply((FIRE,), position=FIRE.position, at=clock.now())

    def called_after(seconds: int) -> int:
        machine.pass_by(seconds * SECOND)
        return service.fire_due()

    machine.host.advance(3 * DAY)
    assert [called_after(59), called_after(1), called_after(1)] == [0, 1, 0]
    machine.host.advance(-3 * DAY)
    assert [called_after(1), called_after(57), called_after(1)] == [0, 0, 1]

    (alert,) = AlertReader(engine).list(AlertFilter()).alerts
    assert alert.due_at is not None
    due_in = (alert.due_at - clock.now()) // SECOND
    machine.host.advance(-HOUR)
    service = AlertService(engine, OnwardClock(machine.host, clock.now(), lambda: machine.real))
    assert [called_after(due_in * 5 // 4 - 1), called_after(2)] == [0, 1]


def test_people_read_another_time_than_core_writes(tmp_path: Path) -> None:
    """The desk's time is core's, by its last proof; while that is being written, as before."""
    machine, proofs = Machine(), ProofFile(tmp_path / "proof")
    clock, desk = machine.watch(), CoreTime(machine.host, proofs)
    assert desk.now() == machine.host.at
    machine.host.advance(-HOUR)
    proofs.write(Proof(number=1, at=clock.now(), off=clock.off(), took_ms=1 / 3))
    assert desk.now() == clock.now()
    proofs.path.write_bytes(b"")
    assert desk.now() == clock.now()


class RacingClock(ManualClock):
    """Runs a hundred times as fast until it is told that it has caught up."""

    rate = 100

    def real_seconds(self, span: Micros) -> float:
        return span / SECOND / self.rate


def test_a_racing_clock_is_doubted() -> None:
    """The demo's first day runs into the present: what is late by a second of it is no step."""
    host, real = RacingClock(), [0]
    clock = OnwardClock(host, 0, lambda: real[0])
    for _ in range(3600):
        real[0] += SECOND
        host.advance(100 * SECOND)
        assert clock.now() == host.at
    real[0] += SECOND
    host.advance(60 * SECOND)
    host.rate = 1
    assert clock.now() == host.at
    assert clock.off() == 0
    real[0] += SECOND
    host.advance(SECOND)
    assert clock.now() == host.at
