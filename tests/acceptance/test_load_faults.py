"""A real fire and a storm: what is urgent does not wait behind what is much."""

import time

from tests.acceptance import judge
from tests.acceptance.house import SITE, Devices
from tests.acceptance.oracle import Oracle
from tests.acceptance.timetable import Push, between, fire, opened, play
from tests.integration.services import wait_for

STORM = 10_000


def test_a_thousand_detectors_trip_in_a_second(devices: Devices) -> None:
    """F21: a real fire: a thousand alerts, each once, each acknowledged, each notified."""
    oracle, house = devices.oracle, devices.house
    began = time.monotonic()
    for number in range(1000):
        oracle.alarm(devices.panel, f"storm-{number}")
    print(f"1,000 events published in {time.monotonic() - began:.2f} s")
    devices.settle()
    answered = max(oracle.answered_at.values()) - began

    def all_seen() -> bool:
        return all(house.spectator.seen(devices.panel, part) for _, part in oracle.raised.values())

    wait_for("all of them to be visible", all_seen)
    parts = {part for _, part in oracle.raised.values()}
    sights = [one for one in list(house.spectator.sights.values()) if one.part in parts]
    visible = max(one.at for one in sights) - began
    print(f"all acknowledged after {answered:.2f} s, all visible after {visible:.2f} s")
    wait_for(
        "all of them to be notified",
        lambda: {one.id for one in sights} <= {one.alert for one in house.receiver.notified},
    )
    print(f"all notified after {time.monotonic() - began:.2f} s")
    assert not judge.wrong_events(house.system, oracle)


def test_an_alarm_comes_in_a_storm(devices: Devices) -> None:
    """F23, P4, P5: amid 10,000 telemetry messages as fast as they go, a fire is visible in 2 s."""
    storm = Oracle(port=devices.house.broker.port, site=SITE, seed=1, name="storm")
    storm.connect()
    before = devices.house.system.get("/api/v1/accounting")["received"]
    began = time.monotonic()
    for number in range(STORM):
        payload = f'{{"ts": {number}, "points": {{"pressure_out": {number}.5, "starts": 1}}}}'
        storm.say(f"gf/{SITE}/{devices.victim}/up/telemetry", payload)
    push = Push(at=0, equipment=devices.stage, kind="event", payload=fire("storm"))
    (sight,) = play(devices, push, want=[between(0, 2, opened(devices.stage, "storm"))])
    print(f"visible {sight.at - began:.2f} s after the storm began")

    def arrived() -> bool:
        assert not judge.wrong_sums(devices.house.system)  # in the middle of it (I5)
        return bool(
            devices.house.system.get("/api/v1/accounting")["received"] >= before + 2 * STORM
        )

    wait_for("the whole storm", arrived)
    devices.house.drain()
    print(f"the storm was stored after {time.monotonic() - began:.2f} s")
    storm.close()
