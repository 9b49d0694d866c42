"""What the store can do: the alarm path does not notice, and afterwards nothing is missing."""

import time

from tests.acceptance.house import Devices
from tests.acceptance.leeway import Leeway, within
from tests.acceptance.proxy import Fault
from tests.acceptance.timetable import Push, between, fire, opened, play
from tests.integration.services import wait_for


def _outage(devices: Devices) -> bool:
    """Tell whether the desk says that the store takes nothing."""
    parts = devices.house.system.ask("/readyz").json()["parts"]
    return not parts["store"]["ready"]


def _alarms_pass(devices: Devices, name: str) -> None:
    """P4: fire events are visible and their notifications sent within 2 s."""
    house = devices.house
    pushes = [
        Push(at=n / 4, equipment=devices.stage, kind="event", payload=fire(f"{name}-{n}"))
        for n in range(8)
    ]
    want = [between(n / 4, n / 4 + 2, opened(devices.stage, f"{name}-{n}")) for n in range(8)]
    leeway, sights = Leeway(), play(devices, *pushes, want=want)
    notified = house.receiver.notified
    ids = {sight.id for sight in sights}
    within(2, "their notifications", lambda: ids <= {one.alert for one in notified})
    first = {one.alert: one for one in reversed(notified)}
    for sight in sights:
        assert abs(first[sight.id].at - sight.at) < 2 + leeway.seconds, "its notification came late"


def test_the_store_is_killed_and_comes_back(devices: Devices) -> None:
    """F6: InfluxDB dies under load and stays away; alarms pass; then every value is there."""
    devices.publish(20)
    devices.house.store_process.kill()
    devices.publish(50)
    _alarms_pass(devices, "down")
    wait_for("the outage to be told", lambda: _outage(devices))
    devices.house.store_process.start()
    devices.publish(10)
    devices.settle()
    devices.judge()
    assert not _outage(devices)


def test_the_store_hangs(devices: Devices) -> None:
    """F8: it takes connections and answers nothing; alarms pass; then every value is there."""
    devices.house.store_link.fault = Fault(hold=True)
    devices.publish(50)
    _alarms_pass(devices, "hung")
    devices.house.mend()
    devices.settle()
    devices.judge()


def test_the_store_trickles(devices: Devices) -> None:
    """F8: an answer of one byte in five seconds is cut by a deadline, not waited for."""
    devices.house.store_link.fault = Fault(trickle_s=5)
    devices.publish(50)
    wait_for("the deadline", lambda: _outage(devices))
    devices.house.mend()
    devices.settle()
    devices.judge()


def test_an_answer_is_lost_after_the_store_committed(devices: Devices) -> None:
    """F9: written, but the answer never came: it is written again, and stands there once."""
    devices.house.store_link.fault = Fault(cut_answers_at=5)
    began, leeway = time.monotonic(), Leeway()
    devices.publish(60)
    wait_for("the outage to be told", lambda: _outage(devices))
    devices.house.mend()
    devices.settle()
    assert time.monotonic() - began < 30 + leeway.seconds
    devices.judge()
