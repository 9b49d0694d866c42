"""F17, P14: the host's clock is stepped under a running system; no alarm is late, lost or doubled."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.acceptance import judge
from tests.acceptance.host_clock import HostClock
from tests.acceptance.leeway import within
from tests.acceptance.oracle import Oracle
from tests.acceptance.system import ROOT, System
from tests.acceptance.timetable import fire
from tests.acceptance.watch import Receiver, Spectator
from tests.integration.services import mosquitto, wait_for

HOUR = 3600.0
DAY = 24 * HOUR
STEPS = (HOUR, -DAY, 400 * DAY, 0.0)
"""How far the host's clock is off the true time, one after the other, in seconds."""
PANEL = "fire-panel-1"
PUMP = "pump-fire-1"


@dataclass(slots=True)
class Scene:
    """A system whose host's clock can be stepped, and who looks on."""

    system: System
    clock: HostClock
    oracle: Oracle
    spectator: Spectator
    receiver: Receiver

    def visible(self, part: str) -> None:
        """Fail unless a fire is visible soon: what waits for the clock waits for an hour."""
        within(3, f"the fire {part}", lambda: self.spectator.seen(PANEL, part) is not None)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Run it once."""
    folder = tmp_path_factory.mktemp("clock")
    broker, receiver, clock = mosquitto(folder / "broker"), Receiver(), HostClock(folder / "host")
    with ExitStack() as stack:
        stack.enter_context(broker.up())
        stack.enter_context(receiver.up())
        environment = {**receiver.settings(), **clock.environment()}
        system = System(folder, ("--broker", broker.url), environment)
        system.import_ledger(ROOT / "simulators" / "demo")
        spectator = Spectator(system)
        stack.enter_context(system.up())
        stack.enter_context(spectator.looking())
        oracle = Oracle(port=broker.port, site="yunhe", seed=17)
        oracle.connect()
        stack.callback(oracle.close)
        yield Scene(system, clock, oracle, spectator, receiver)


def test_the_host_s_clock_is_stepped(scene: Scene) -> None:
    """A fire with the true time or none is visible within 3 s; a pump's five seconds are ten at most."""
    for off in STEPS:
        print(f"off by {off / HOUR:.0f} h")
        _alarm_at(scene, off)
    assert not judge.wrong_sums(scene.system)


def _alarm_at(scene: Scene, off: float) -> None:
    scene.clock.step(off)
    turn = len(scene.oracle.raised)
    scene.oracle.alarm(PANEL, f"true-{turn}")
    timeless = json.dumps(fire(f"none-{turn}", id=f"n-{turn}"))
    scene.oracle.say(f"gf/yunhe/{PANEL}/up/event", timeless)
    topic = f"gf/yunhe/{PUMP}/up/telemetry"
    scene.oracle.say(topic, '{"run": true}')
    began = time.monotonic()
    scene.visible(f"true-{turn}")
    scene.visible(f"none-{turn}")

    def is_running() -> bool:
        return any(
            one["rule"] == "pump.fire_pump_running" and one["condition"] == "on"
            for one in judge.alerts_of(scene.system, PUMP)
        )

    within(10, "the fire pump's alert", is_running)
    print(f"pump after {time.monotonic() - began:.1f} s")
    scene.oracle.say(topic, '{"run": false}')
    wait_for("its end", lambda: not is_running())
