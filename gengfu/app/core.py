"""The core process: gateway → journal → rules → alerts → outbox. It never waits for the desk."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from alerts.action_log import JournalActionLog
from alerts.channels.webhook import Webhook
from alerts.door import Door
from alerts.schema import open_alerts
from alerts.service import AlertService
from gateway.codecs.native.message import Limits
from gateway.codecs.native.times import Belief
from gateway.mapping.model import ForeignMapping
from gateway.service import Gateway, GatewaySettings
from gengfu.app.broker import endpoint_of
from gengfu.app.canary import Canary, CanarySink
from gengfu.app.channels import webhooks
from gengfu.app.condition import Patience, describe, tell_condition, tell_start
from gengfu.app.fullness import Fullness, fullness_of
from gengfu.app.given_files import classes_of
from gengfu.app.in_force import InForce
from gengfu.app.journal_keeper import tend, tick
from gengfu.app.judging import retention_of, rules_of, runner_of
from gengfu.app.look_back import Before, life_safety_of, look_back
from gengfu.app.mapping import MappingFile, follow_mapping
from gengfu.app.onward_clock import OnwardClock
from gengfu.app.parked import ParkedKeeper, mind_hang
from gengfu.app.room import through_full_disk
from gengfu.app.stage_clocks import alert_settings
from gengfu.config import Settings
from gengfu.core.clock import MINUTE, Micros
from gengfu.core.naming import Scalar
from gengfu.installation import Installation
from gengfu.proof import ProofFile
from ingest.journal.cursors import CursorFile
from ingest.journal.port import Damage
from ingest.journal.retention import Retention
from ingest.journal.sqlite import SqliteJournal
from ingest.safety.doubled import DoubledJournal
from ingest.safety.file import SafetyFile
from rules.runner import Runner

RESERVE_BYTES = 64 * 1024 * 1024
"""What alarms live on when the disk is full."""

BROKER_SECONDS = 10.0
"""Without the broker for so long is an outage: one that is restarted is back by then."""

HEAR_SECONDS = 5.0
"""So long a start waits for its broker."""


async def run_core(settings: Settings, ready: Callable[[], None]) -> None:
    """Run the core process until cancelled.

    Raises:
        StartError, BadInput: when it cannot work as it is set up.
        JournalError: when nothing can be made durable any more.
    """
    place = Installation(settings.data)
    place.prepare()
    with ThreadPoolExecutor(1, thread_name_prefix="journal") as worker:
        core = await asyncio.get_running_loop().run_in_executor(
            worker, partial(_build, settings, place, worker)
        )
        try:
            await _run(core, ready, is_demo=settings.demo)
        except asyncio.CancelledError:
            core.canary.stopped()
            raise
        finally:
            await asyncio.get_running_loop().run_in_executor(worker, core.journal.close)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Core:
    clock: OnwardClock
    worker: ThreadPoolExecutor
    journal: SqliteJournal
    doubled: DoubledJournal
    retention: Retention
    gateway: Gateway
    runner: Runner
    judged: CursorFile
    alerts: AlertService
    channels: Sequence[Webhook]
    door: Door
    in_force: InForce
    canary: Canary
    before: Before
    fullness: Fullness
    parked: ParkedKeeper
    mapping: MappingFile
    broker: Patience = field(default_factory=lambda: Patience(BROKER_SECONDS))

    def note_judged(self) -> None:
        """Keep in the journal's folder how far the rules' checkpoint reaches."""
        self.judged.write(self.runner.saved)

    def tell_damage(self, damage: Damage) -> None:
        """Let people know of a damaged part of the journal."""
        self.gateway.note_event("journal_damaged", describe(damage))

    def condition(self) -> Mapping[str, Scalar]:
        """Measure what core tells of itself (class ``gengfu``)."""
        return {
            "online": True,
            "alarm_path": self.canary.proved,
            "canary": self.canary.took_ms,
            "broker": self.broker.judge(self.gateway.is_ready, asyncio.get_running_loop().time()),
            "disk_full": self.journal.is_tight,
            "safety_copy": self.doubled.is_doubled,
            "shedding": self.gateway.is_shedding,
            "clock_ahead": round(self.clock.ahead() / MINUTE),
            "clock_doubted": round(max(-self.clock.off(), 0) / MINUTE),
            **self.fullness.points(),
        }


def _build(settings: Settings, place: Installation, worker: ThreadPoolExecutor) -> _Core:
    classes = classes_of(settings)
    mapping = MappingFile(settings.mappings, place.mapping, settings.broker.root)
    rules = rules_of(settings, classes)
    journal = SqliteJournal(place.journal, reserve=RESERVE_BYTES)
    clock = OnwardClock(settings.clock.clock(), floor=journal.last()[1])
    alerts, proofs = open_alerts(place.alerts), ProofFile(place.proof)
    channels, alerting = webhooks(settings), alert_settings(settings)
    log = JournalActionLog(journal, clock, worker)
    service = AlertService(alerts, clock, alerting, channels=channels, action_log=log)
    doubled = DoubledJournal(journal, SafetyFile(place.safety), life_safety_of(classes))
    judged = service.applied_position()
    service.follow(journal.last()[0])  # before anything is appended: that is new
    before = look_back(doubled, journal, proofs, place, judged=judged, now=clock.now())
    edge = _gateway_settings(settings, place, mapping.start(), before, clock.ahead)
    gateway = Gateway(
        edge, journal=doubled, ledgers=(), classes=classes, clock=clock, worker=worker
    )
    canary = Canary(gateway, proofs, clock, clock.off, ever=before.was_on_watch)
    in_force = InForce(place.desk, journal, gateway, service, classes, rules, clock, worker)
    return _Core(
        clock=clock,
        worker=worker,
        journal=journal,
        doubled=doubled,
        retention=retention_of(settings),
        gateway=gateway,
        runner=runner_of(place, CanarySink(service, canary), alerts, classes, clock),
        judged=CursorFile(place.journal, "rules"),
        alerts=service,
        channels=channels,
        door=Door(place.socket, service, in_force.look_now),
        in_force=in_force,
        canary=canary,
        before=before,
        fullness=fullness_of(settings, place),
        mapping=mapping,
        parked=ParkedKeeper(place, gateway, journal, clock, worker, settings.broker.root),
    )


def _gateway_settings(
    settings: Settings,
    place: Installation,
    mapping: ForeignMapping,
    before: Before,
    ahead: Callable[[], Micros],
) -> GatewaySettings:
    belief = Belief(ahead=settings.belief.ahead, behind=settings.belief.behind)
    return GatewaySettings(
        # The embedded broker forgets everybody whenever it starts.
        is_known=before.was_on_watch and not settings.broker.embedded,
        endpoint=endpoint_of(settings, place),
        root=settings.broker.root,
        mapping=mapping,
        unmapped=place.unmapped,
        client_id=settings.broker.client_id,
        limits=Limits(belief=belief),
        ahead=ahead,
    )


async def _run(core: _Core, ready: Callable[[], None], *, is_demo: bool) -> None:
    await core.in_force.announce()
    async with contextlib.AsyncExitStack() as channels, asyncio.TaskGroup() as tasks:
        for channel in core.channels:
            await channels.enter_async_context(channel)
        tasks.create_task(core.gateway.run(), name="gateway")
        for name, run in {
            "rules": core.runner.run,
            "alerts": core.alerts.run,
            "ledgers": core.in_force.run,
        }.items():
            tasks.create_task(through_full_disk(run, name), name=name)
        tasks.create_task(core.door.run(), name="door")
        # The demo's story comes before its seconds; who plays scenarios for a score wants those.
        lateness = core.gateway.lateness.worst if is_demo else None
        ticks = tick(core.doubled, core.clock, core.worker, lateness)
        tasks.create_task(ticks, name="ticks")
        tasks.create_task(
            tend(core.journal, core.clock, core.retention, core.note_judged, core.tell_damage),
            name="journal keeper",
        )
        tasks.create_task(core.canary.run(), name="canary")
        tasks.create_task(core.fullness.run(), name="fullness")
        tasks.create_task(core.parked.run(), name="parked")
        follow = follow_mapping(core.mapping, core.gateway, core.gateway)
        tasks.create_task(follow, name="mapping")
        tasks.create_task(mind_hang(lambda: core.runner.held, os._exit), name="hang")
        tell_start(core.gateway, core.before, core.clock)
        tasks.create_task(tell_condition(core.gateway, core.condition), name="own condition")
        await _hear(core.gateway)
        ready()


async def _hear(gateway: Gateway) -> None:
    """Return once both lanes receive: what is said to a system that is up must arrive.

    Or after ``HEAR_SECONDS``: without its broker it is up all the same, and tells.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HEAR_SECONDS):
            while not gateway.is_ready:  # noqa: ASYNC110 – a session has no event
                await asyncio.sleep(0.05)
