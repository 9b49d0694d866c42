"""What the link to the broker can do, and the broker itself: nothing acknowledged is lost by it."""

import threading
import time
from typing import Any

import pytest

from tests.acceptance import judge
from tests.acceptance.house import COUNTING, Devices, House
from tests.acceptance.leeway import Leeway
from tests.acceptance.proxy import Fault
from tests.acceptance.timetable import Push, between, fire, opened, play
from tests.integration.services import wait_for


@pytest.fixture(scope="module", autouse=True)
def _gap(built: House) -> None:
    """Leave a gap now: it is told only when a late message can fill it no more."""
    built.leave_a_gap()
    built.drain()


def test_the_broker_is_killed(devices: Devices) -> None:
    """F1: three ``kill -9`` under load; what was handed over is stored, every event is one alert."""
    for _ in range(3):
        devices.publish(20)
        devices.house.broker_process.kill()
        devices.house.broker_process.start()
    devices.publish(20)
    devices.settle(broker_may_lose=True)
    devices.judge(broker_may_lose=True)


def test_the_broker_forgets_our_session(devices: Devices) -> None:
    """F2: killed, and its database gone: we subscribe anew, every event gets through."""
    house = devices.house
    devices.publish(20)
    devices.settle()
    house.broker_process.kill()
    database = house.broker.config.parent / "mosquitto.db"
    assert database.exists(), "the broker kept no database: then this test shows nothing"
    database.unlink()
    house.broker_process.start()
    devices.publish(40)
    devices.settle(broker_may_lose=True)
    devices.judge(broker_may_lose=True)


def test_the_link_is_half_open(devices: Devices) -> None:
    """F4: both ends believe in a dead connection; we notice within 35 s (P9) and lose nothing."""
    devices.publish(10)
    devices.house.broker_link.strand()
    began, leeway = time.monotonic(), Leeway()
    devices.publish(10)
    devices.settle()
    assert time.monotonic() - began < 35 + leeway.seconds
    devices.judge()


def test_the_link_flaps(devices: Devices) -> None:
    """F5: reset three times a second for six seconds, then cut; nothing is lost, nothing doubled."""
    done = threading.Event()

    def flap() -> None:
        while not done.wait(0.3):
            devices.house.broker_link.reset()

    flapping = threading.Thread(target=flap)
    flapping.start()
    try:
        devices.publish(200, pause=0.03)
    finally:
        done.set()
        flapping.join()
    devices.house.broker_link.cut()
    devices.settle()
    devices.judge()


@pytest.mark.parametrize("latency_s", [0.3])
def test_the_link_is_slow(devices: Devices, latency_s: float) -> None:
    """A slow link delays an alert by its own latency and no more."""
    devices.house.broker_link.fault = Fault(latency_s=latency_s)
    push = Push(at=0, equipment=devices.stage, kind="event", payload=fire("slow", id="slow"))
    play(devices, push, want=[between(latency_s, 3, opened(devices.stage, "slow"))])


def test_a_gap_in_a_sequence_is_kept_quiet(built: House) -> None:
    """I10: what a counting device sent and nobody got is an alert that names it and says how much."""

    def told() -> list[dict[str, Any]]:
        alerts = judge.alerts_of(built.system, "_core")
        return [one for one in alerts if (one["rule"], one["part"]) == ("system.gap", COUNTING)]

    wait_for("the gap's alert", lambda: bool(told()))
    (alert,) = told()
    assert (alert["values"]["missing"], alert["occurrences"]) == (2, 1)
