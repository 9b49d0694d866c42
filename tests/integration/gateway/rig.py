"""A running gateway on a real broker, and the devices that talk to it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

import aiomqtt
import pytest

from gateway.endpoint import Endpoint
from gateway.lane import Bounds
from gateway.mapping.model import NOTHING, ForeignMapping
from gateway.service import Gateway, GatewaySettings, Journal
from gengfu.core.batch import Event
from gengfu.core.clock import SystemClock
from gengfu.core.errors import JournalError
from gengfu.core.record import DeadLetter, RecordKind
from gengfu.ledger.model import SiteLedger
from tests.fakes.journal import FakeJournal
from tests.fakes.small_estate import shipped_classes, small_estate
from tests.integration.services import PATIENCE_S

EVENT = "gf/yunhe/fire-panel-1/up/event"
TELEMETRY = "gf/yunhe/lift-1/up/telemetry"
ACKNOWLEDGED = "gf/yunhe/fire-panel-1/down/ack"


async def until(what: str, ready: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    """Poll until something is so; fail the test with its name when it never is."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not ready():
        if asyncio.get_running_loop().time() > deadline:
            pytest.fail(f"waited {seconds:.0f} s for {what}")
        await asyncio.sleep(0.01)


@dataclass(frozen=True)
class Running:
    """A gateway and the task it runs in."""

    gateway: Gateway
    task: "asyncio.Task[None]"


@asynccontextmanager
async def running_gateway(
    endpoint: Endpoint,
    journal: Journal,
    *,
    bounds: Bounds | None = None,
    ledgers: Sequence[SiteLedger] | None = None,
    ready: bool = True,
    mapping: ForeignMapping = NOTHING,
) -> AsyncIterator[Running]:
    """Run a gateway until the block ends; a failed journal ends it earlier."""
    settings = GatewaySettings(
        endpoint=replace(endpoint, first_wait_s=0.05, longest_wait_s=0.2), mapping=mapping
    )
    if bounds is not None:
        settings = replace(settings, alarm=bounds, telemetry=bounds)
    with ThreadPoolExecutor(1) as worker:
        gateway = Gateway(
            settings,
            journal=journal,
            ledgers=[small_estate()] if ledgers is None else ledgers,
            classes=shipped_classes(),
            clock=SystemClock(),
            worker=worker,
        )
        task = asyncio.create_task(gateway.run())
        try:
            if ready:
                await until("the gateway's subscriptions", lambda: gateway.is_ready)
            yield Running(gateway, task)
        finally:
            if isinstance(journal, FakeJournal):
                journal.gate.set()
            task.cancel()
            with suppress(asyncio.CancelledError, JournalError):
                await task


@asynccontextmanager
async def device(
    port: int, account: str | None = None, password: str | None = None
) -> AsyncIterator[aiomqtt.Client]:
    """Connect as a device."""
    async with aiomqtt.Client("127.0.0.1", port, username=account, password=password) as client:
        yield client


def events_in(journal: FakeJournal) -> list[Event]:
    bodies = [one for one in journal.bodies(RecordKind.EVENTS) if isinstance(one, tuple)]
    return [one for body in bodies for one in body if isinstance(one, Event)]


def letters_in(journal: FakeJournal) -> list[DeadLetter]:
    bodies = [one for one in journal.bodies(RecordKind.DEAD_LETTERS) if isinstance(one, tuple)]
    return [one for body in bodies for one in body if isinstance(one, DeadLetter)]
