"""The door over a real socket: steps, refusals, hints, and clients that behave badly."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.door import CoreClient, CoreHasNoRoom, CoreUnavailable, Door
from alerts.lifecycle import Refusal
from alerts.model import Handling, Report, Step
from alerts.read import AlertFilter, AlertReader
from alerts.refusals import IllegalStep, RefusedReport, ReportRefusal, UnknownAlert
from alerts.schema import open_alerts
from alerts.service import AlertService
from gengfu.core.clock import SystemClock
from gengfu.core.urgency import Kind
from tests.fakes.alerts import FIRE, START, asks
from tests.fakes.disk_full import full
from tests.fakes.waiting import until


class Core:
    """A service with its door, which can be shut and opened."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "core.sock"
        self.engine = open_alerts(folder / "alerts.db")
        self.service = AlertService(self.engine, SystemClock())
        self.reader = AlertReader(self.engine)
        self.reloads = 0
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._task = asyncio.create_task(Door(self.socket, self.service, self.reload).run())
        await until(self.socket.exists, "the door's socket")

    async def shut(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def reload(self) -> None:
        self.reloads += 1

    def fire(self, position: int = 1) -> str:
        self.service.apply([replace(FIRE, position=position)], position=position, at=START)
        return self.reader.list(AlertFilter()).alerts[0].id


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    made = Core(tmp_path)
    await made.open()
    yield made
    await made.shut()
    made.engine.dispose()


@asynccontextmanager
async def client_of(core: Core) -> AsyncIterator[CoreClient]:
    async with CoreClient(core.socket) as client:
        await knock(client)
        yield client


async def knock(client: CoreClient) -> None:
    """Return when the client has reached core."""
    for _attempt in range(500):
        try:
            return await client.ping()
        except CoreUnavailable:
            await asyncio.sleep(0.01)
    raise AssertionError("core was not reached")


async def test_a_step_does_not_come_back(core: Core) -> None:
    """A step comes back with the new state, a refused one with reason and state as it is."""
    alert = core.fire()
    async with client_of(core) as client:
        taken = await client.act(alert, Step.ACKNOWLEDGE, asks("guard-1"))
        assert (taken.handling, taken.assignee) == (Handling.ACKNOWLEDGED, "guard-1")
        assert taken == core.reader.get(alert)
        with pytest.raises(IllegalStep) as refused:
            await client.act(alert, Step.ACKNOWLEDGE, asks("guard-2"))
        assert (refused.value.reason, refused.value.current) == (Refusal.ILLEGAL_STEP, taken)
        with pytest.raises(UnknownAlert):
            await client.act("nothing", Step.ACKNOWLEDGE, asks())


async def test_two_clients_both_win(core: Core) -> None:
    """Of many who take an alert at once over the door exactly one gets it."""
    alert = core.fire()
    async with client_of(core) as one, client_of(core) as two:
        outcomes = await asyncio.gather(
            *(
                client.act(alert, Step.ACKNOWLEDGE, asks(f"guard-{n}"))
                for n, client in enumerate([one, two] * 5)
            ),
            return_exceptions=True,
        )
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, IllegalStep) for outcome in outcomes) == 9


async def test_a_report_and_a_reload_get_lost(core: Core) -> None:
    """Reports and reloads reach core; a refused report says why."""
    report = Report(
        actor="guard-1", idempotency_key="k", site="yunhe", kind=Kind.SECURITY, text="有人翻墙"
    )
    async with client_of(core) as client:
        with pytest.raises(RefusedReport) as refused:
            await client.report(report)
        assert refused.value.reason is ReportRefusal.UNKNOWN_SITE
        await client.reload_ledger()
    assert core.reloads == 1


async def test_a_change_is_not_heard(core: Core) -> None:
    """A client hears of the newest change when it connects and after each later one."""
    core.fire(1)
    async with client_of(core) as client:
        heard = client.changes()
        assert await anext(heard) == 1
        core.service.apply([replace(FIRE, position=2)], position=2, at=START)
        assert await anext(heard) == 2


async def test_a_restart_of_core_is_final(core: Core) -> None:
    """Without core a step is unavailable at once; when core is back the same request works once."""
    alert = core.fire()
    request = asks(note="look")
    async with client_of(core) as client:
        await client.act(alert, Step.COMMENT, request)
        await core.shut()
        with pytest.raises(CoreUnavailable):
            await client.act(alert, Step.COMMENT, request)
        await core.open()
        await knock(client)
        assert (await client.act(alert, Step.COMMENT, request)).version == 2


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\n",
        b"\xff\xfe\n",
        b"{}\n",
        b'{"type":"act","id":1}\n',
        b'{"type":"open_sesame","id":1}\n',
        b"[" * 100_000 + b"\n",
        b"x" * (2 * 1024 * 1024),
        b'{"type":"ping"',
    ],
    ids=["empty", "bytes", "no-type", "short", "unknown", "deep", "long", "cut"],
)
async def test_a_broken_client_harms_core(core: Core, nonsense: bytes) -> None:
    """Whatever a client sends, it alone is cut off; others go on."""
    async with client_of(core) as client:
        reader, writer = await asyncio.open_unix_connection(core.socket)
        writer.write(nonsense)
        said = b""
        with suppress(ConnectionError):
            writer.write_eof()
            while text := await reader.read(65536):
                said += text
        replies = [json.loads(text)["type"] for text in said.splitlines()]
        assert set(replies) <= {"broken", "changed"}
        writer.close()
        await client.ping()


async def test_a_client_that_never_reads_holds_core_up(core: Core) -> None:
    """A client that asks and never reads the answers does not keep others waiting."""
    alert = core.fire()
    _reader, writer = await asyncio.open_unix_connection(core.socket)
    act = json.dumps(
        {
            "type": "act",
            "id": 1,
            "alert": alert,
            "step": "comment",
            "request": {"actor": "a", "idempotency_key": "k", "note": "x" * 1000},
        }
    )
    writer.write((act + "\n").encode() * 2000)
    async with client_of(core) as client, asyncio.timeout(30):
        for _time in range(20):
            await client.ping()
    writer.transport.abort()


async def test_the_door_is_open_to_others(core: Core) -> None:
    """The socket belongs to its owner alone."""
    assert core.socket.stat().st_mode & 0o777 == 0o600


async def test_a_full_disk_is_no_answer(core: Core) -> None:
    """A step for which there is no room is told so and not done; the same request is done later."""
    alert, ask = core.fire(), asks(note="seen")
    async with client_of(core) as client:
        with full(core.engine), pytest.raises(CoreHasNoRoom):
            await client.act(alert, Step.ACKNOWLEDGE, ask)
        assert (await client.act(alert, Step.ACKNOWLEDGE, ask)).version == 2
        assert (await client.act(alert, Step.ACKNOWLEDGE, ask)).version == 2
