"""The estate on a real broker, and the gateway's own reading of what it says."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gengfu.core.batch import TopicKind
from gengfu.core.clock import DAY, MINUTE, SECOND, ScaledClock, SystemClock
from gengfu.core.errors import StartError
from gengfu.core.naming import Bilingual
from gengfu.ledger.model import SiteLedger
from simulators.broker import publish
from simulators.broker.connection import BrokerAddress
from simulators.broker.publish import Published, run_scenario
from simulators.device import Injection
from simulators.estate.links import OFFLINE
from simulators.scenario.model import Scenario, Step
from simulators.scenario.script import find_scenario, read_scenario
from tests.integration.services import Mosquitto, free_port, mosquitto, wait_for
from tests.integration.simulators.listener import Ear, listening
from tests.unit.simulators.stage import CLASSES, demo_ledger


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody acknowledges most events here: do not wait for it."""
    monkeypatch.setattr(publish, "ANSWER_SECONDS", 0.3)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    server = mosquitto(tmp_path / "broker")
    with server.up():
        yield server


def story(*steps: Step) -> Scenario:
    return Scenario(name="trial", title=Bilingual("试", "Trial"), steps=steps)


def step(equipment: str, fault: str, begins: int, ends: int, part: str | None = None) -> Step:
    injection = Injection(equipment=equipment, fault=fault, part=part)
    return Step(begins=begins, ends=ends, injection=injection)


def racing(rate: float) -> ScaledClock:
    now = SystemClock().now()
    return ScaledClock(start=now - DAY, rate=rate, anchor=now)


def part_of_the_demo(*ids: str) -> SiteLedger:
    """Return the demo's ledger with this equipment and what it speaks for; all of it without ids."""
    ledger = demo_ledger()
    kept = {one for id_ in ids for one in (id_, *ledger.children_of(id_))}
    equipment = {id_: one for id_, one in ledger.equipment.items() if not ids or id_ in kept}
    return replace(ledger, equipment=equipment, linkage=())


async def play(
    broker: Mosquitto,
    scenario: Scenario,
    *ids: str,
    linger: int,
    clock: ScaledClock | None = None,
) -> Published:
    return await run_scenario(
        ledgers=[part_of_the_demo(*ids)],
        classes=CLASSES,
        clock=clock or racing(600.0),
        broker=BrokerAddress(url=broker.url),
        scenario=scenario,
        linger=linger,
    )


async def test_the_demo_s_first_minutes_are_quiet(broker: Mosquitto) -> None:
    """Within minutes of the demo day everything speaks and the lift's alarm button is pressed."""
    scenario = read_scenario(find_scenario("demo_day"), [demo_ledger()], CLASSES)
    opening = Scenario(name="opening", title=scenario.title, steps=scenario.steps[:1])
    with listening(broker.port) as ear:
        published = await play(broker, opening, linger=5 * MINUTE)
        wait_for("the alarm button", lambda: pressed(ear))
        wait_for("all packets", lambda: len(ear.payloads) >= published.packets)
    assert published.dropped == 0
    assert {one.equipment for one in ear.frames} == set(demo_ledger().equipment)


def pressed(ear: Ear) -> bool:
    vital = ear.of("lift-b3-u2-left", TopicKind.VITAL)
    return any("'alarm_button': True" in str(body["points"]) for body in vital)


async def test_an_acknowledged_event_is_sent_again(broker: Mosquitto) -> None:
    """An event is kept until ``down/ack`` names it, and then no longer."""
    fire = step("fire-panel-1", "fire", SECOND, 20 * MINUTE, part="1-017")

    def answer(ear: Ear) -> None:
        for frame in ear.frames[answered["rows"] :]:
            if frame.kind == TopicKind.EVENT and frame.body["type"] != "reset":
                ear.acknowledge(frame.equipment, str(frame.body["id"]))
        answered["rows"] = len(ear.frames)

    answered = {"rows": 0}
    with listening(broker.port, answer) as ear:
        published = await play(broker, story(fire), "fire-panel-1", linger=10 * MINUTE)
    resets = [frame for frame in ear.frames if frame.body.get("type") == "reset"]
    assert len(resets) == 1
    assert published.unacknowledged >= len(resets)
    events = [frame for frame in ear.frames if frame.kind == TopicKind.EVENT]
    assert published.unacknowledged < len(events)


async def test_a_run_without_a_broker_hangs() -> None:
    """A scenario that finds no broker ends at once with one clear sentence."""
    with pytest.raises(StartError, match="cannot be reached"):
        await run_scenario(
            ledgers=[demo_ledger()],
            classes=CLASSES,
            clock=SystemClock(),
            broker=BrokerAddress(url=f"mqtt://127.0.0.1:{free_port()}"),
            scenario=story(),
        )


async def test_a_lost_controller_leaves_no_will(broker: Mosquitto) -> None:
    """A controller that is cut off is retained as offline, and as online when it is back."""
    lost = step("door-ctl-b2", OFFLINE, 5 * MINUTE, 15 * MINUTE)
    with listening(broker.port) as ear:
        await play(broker, story(lost), "door-ctl-b2", linger=5 * MINUTE)
        wait_for("both ends", lambda: len(ear.of("door-ctl-b2", TopicKind.STATUS)) >= 3)
    states = [body["online"] for body in ear.of("door-ctl-b2", TopicKind.STATUS)]
    assert states == [True, False, True]
    with listening(broker.port) as late:
        wait_for("what is retained", lambda: bool(late.of("door-ctl-b2", TopicKind.STATUS)))
    assert late.of("door-ctl-b2", TopicKind.STATUS)[0]["online"] is True


async def test_a_broker_s_absence_loses_events(tmp_path: Path) -> None:
    """Fires told while the broker was away arrive when it is back; told again, each is the same."""
    server = mosquitto(tmp_path / "broker")
    addresses = [f"1-{number:03d}" for number in range(1, 50, 4)]
    fires = [
        step("fire-panel-1", "fire", (at + 70) * MINUTE, 120 * MINUTE, part=part)
        for at, part in enumerate(addresses)
    ]
    clock = racing(2400.0)
    with server.up(), listening(server.port, kept_as="oracle") as ear:
        run = asyncio.create_task(
            play(server, story(*fires), "fire-panel-1", linger=MINUTE, clock=clock)
        )
        while not ear.frames:  # noqa: ASYNC110 – the ear is another thread's
            await asyncio.sleep(0.05)
    while clock.now() < clock.start + 90 * MINUTE:  # noqa: ASYNC110 – a clock has no event
        await asyncio.sleep(0.05)  # all fires are told by then, to nobody
    with server.up(), listening(server.port, kept_as="oracle") as ear:
        published = await run
        wait_for("every fire", lambda: set(addresses) <= set(parts_told(ear)))
    assert published.dropped == 0
    assert len(parts_told(ear)) == len(addresses)


def parts_told(ear: Ear) -> list[str]:
    """Return where a fire was told, once for each event however often it was sent."""
    events = ear.of("fire-panel-1", TopicKind.EVENT)
    fires = {event["id"]: str(event["part"]) for event in events if event["type"] == "fire"}
    return list(fires.values())
