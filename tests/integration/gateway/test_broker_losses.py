"""What a real broker drops or forgets, and what devices did not deliver, is heard as our own event."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import aiomqtt
import pytest

from gateway import service
from gateway.endpoint import Endpoint
from gengfu.core.naming import Scalar
from gengfu.ledger.own import own_ledger
from tests.fakes.journal import FakeJournal
from tests.fakes.small_estate import small_estate
from tests.integration.gateway.rig import TELEMETRY, device, events_in, running_gateway, until
from tests.integration.services import mosquitto

LEDGERS = (small_estate(), own_ledger())


def heard(journal: FakeJournal, type_: str) -> list[tuple[str | None, Mapping[str, Scalar]]]:
    return [(one.part, one.attributes) for one in events_in(journal) if one.type == type_]


def _has_lost(journal: FakeJournal, lanes: Sequence[str]) -> bool:
    return sorted(str(told["lane"]) for _, told in heard(journal, "session_lost")) == lanes


async def test_a_broker_that_forgot_us_is_trusted(tmp_path: Path) -> None:
    """One that comes back with our sessions has lost none; one that comes back empty has lost both."""
    broker, journal = mosquitto(tmp_path / "broker"), FakeJournal()
    endpoint = Endpoint(host="127.0.0.1", port=broker.port)
    async with running_gateway(endpoint, journal, ledgers=LEDGERS, ready=False) as running:
        sessions = running.gateway.sessions.values()
        for expected in ([], [], ["alarm", "telemetry"]):
            if expected:
                (tmp_path / "broker" / "mosquitto.db").unlink()
            with broker.up():
                await until("both sessions", lambda: running.gateway.is_ready)
                await until("what is pending", lambda: running.gateway.pending == 0)
                await until("what was lost", partial(_has_lost, journal, expected))
            await until("the outage", lambda: not any(one.is_ready for one in sessions))


async def test_what_a_broker_drops_is_its_own_business(tmp_path: Path) -> None:
    """Messages that the broker throws away, for whomever, are told with their number."""
    lines = ("allow_anonymous true", "sys_interval 1", "max_queued_messages 5")
    broker, journal = mosquitto(tmp_path / "broker", *lines), FakeJournal()
    endpoint = Endpoint(host="127.0.0.1", port=broker.port)
    with broker.up():
        async with aiomqtt.Client(
            "127.0.0.1", broker.port, identifier="away", clean_session=False
        ) as away:
            await away.subscribe("news", 1)
        async with (
            running_gateway(endpoint, journal, ledgers=LEDGERS) as running,
            device(broker.port) as speaker,
        ):
            await until("the first count", lambda: running.gateway.dropped is not None)
            for _ in range(40):
                await speaker.publish("news", b"x", 1)
            await until("the dropped messages", lambda: bool(heard(journal, "broker_dropped")))
            counts = [told["messages"] for _, told in heard(journal, "broker_dropped")]
            assert all(isinstance(one, int) and one >= 1 for one in counts)
            assert sum(one for one in counts if isinstance(one, int)) <= 40


async def test_a_gap_is_covered_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message of a counting device that never came is told with the device, and one that came late is not."""
    monkeypatch.setattr(service, "_SENDERS_LOOK_S", 0.2)
    monkeypatch.setattr(service, "_GAP_S", 5)
    broker, journal = mosquitto(tmp_path / "broker"), FakeJournal()
    endpoint = Endpoint(host="127.0.0.1", port=broker.port)
    with broker.up():
        async with (
            running_gateway(endpoint, journal, ledgers=LEDGERS),
            device(broker.port) as lift,
        ):
            for seq in (1, 2, 4, 3, 7):
                payload = json.dumps({"seq": seq, "boot": "b", "speed": 1.0})
                await lift.publish(TELEMETRY, payload, 1)
            await until("the gap", lambda: bool(heard(journal, "gap")))
            assert heard(journal, "gap") == [("lift-1", {"kind": "telemetry", "missing": 2})]


async def test_a_window_of_twenty(tmp_path: Path) -> None:
    """By MQTT 5 we say how much we can hold: a hung journal holds back more than twenty messages."""
    broker, journal = mosquitto(tmp_path / "broker"), FakeJournal()
    endpoint = Endpoint(host="127.0.0.1", port=broker.port)
    journal.gate.clear()
    with broker.up():
        async with (
            running_gateway(endpoint, journal, ledgers=LEDGERS) as running,
            device(broker.port) as speaker,
        ):
            for _ in range(300):
                await speaker.publish(TELEMETRY, b'{"speed": 1}', 1)
            await until("three hundred", lambda: running.gateway.pending >= 200)
            journal.gate.set()
            await until("all of them", lambda: running.gateway.pending == 0)
