"""The estate on a real broker, following one clock.

Who speaks for more than itself (a controller, a recorder) or is watched over by law (a fire panel)
has a connection of its own with a last will; all others of a site share one, as behind a gateway.
When time races, a device's messages are bundled and exceptions rarer: the broker sees no more of
them than it would see of a few hundred real devices.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from gengfu.core.clock import SECOND, Clock, Micros, ScaledClock
from gengfu.ledger.model import EquipmentClass, SiteLedger
from simulators.broker.connection import BrokerAddress, Speaker
from simulators.broker.wire import Writer
from simulators.estate.estate import Estate, estate_of
from simulators.estate.report import Message
from simulators.scenario.model import Scenario
from simulators.scenario.timeline import changes

BEAT_SECONDS = 0.05
BUNDLE_SECONDS = 0.3
ANSWER_SECONDS = 3.0
"""How long a finished scenario waits for the last events to be acknowledged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a finished run sent: packets confirmed by the broker, dropped, events not acknowledged."""

    started: Micros
    """The scenarios' 00:00, by the clock they were played to."""
    packets: int
    dropped: int
    unacknowledged: int


async def run_estate(
    *,
    ledgers: Sequence[SiteLedger],
    classes: Mapping[str, EquipmentClass],
    clock: Clock,
    broker: BrokerAddress,
    scenario: Scenario,
    seed: int = 1,
    root: str = "gf",
) -> None:
    """Play every site of the ledger until cancelled.

    The scenario's 00:00 is now; its small things begin when a racing clock has caught up.

    Raises:
        StartError: when the broker's address is none.
    """
    plays = [Play(ledger=ledger, scenario=scenario.of(ledger)) for ledger in ledgers]
    stage = Stage.set(plays, classes, clock, seed, root)
    async with asyncio.TaskGroup() as tasks:
        for speaker in stage.speakers:
            tasks.create_task(speaker.run(broker), name=f"speaker {speaker.equipment[0]}")
        tasks.create_task(stage.play(None), name="estate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """A story, or the part of one, that happens at one site."""

    ledger: SiteLedger
    scenario: Scenario


async def run_scenario(
    *,
    ledgers: Sequence[SiteLedger],
    classes: Mapping[str, EquipmentClass],
    clock: Clock,
    broker: BrokerAddress,
    scenario: Scenario,
    seed: int = 1,
    root: str = "gf",
    linger: Micros = 60 * SECOND,
) -> Published:
    """Play a scenario's script once, and ``linger`` longer, and say when it began and what was sent.

    Raises:
        StartError: when the broker cannot be reached.
    """
    sites = scenario.stages(ledgers)
    plays = [Play(ledger=ledger, scenario=scenario.of(ledger)) for ledger in sites]
    return await run_plays(
        plays=plays,
        classes=classes,
        clock=clock,
        broker=broker,
        seed=seed,
        root=root,
        linger=linger,
    )


async def run_plays(
    *,
    plays: Sequence[Play],
    classes: Mapping[str, EquipmentClass],
    clock: Clock,
    broker: BrokerAddress,
    seed: int = 1,
    root: str = "gf",
    linger: Micros = 60 * SECOND,
    bundle_seconds: float = BUNDLE_SECONDS,
) -> Published:
    """Play several scripts beside each other, each at its own site, until the longest is over.

    With a racing clock a device's messages wait up to ``bundle_seconds`` to travel together.

    Raises:
        StartError: when the broker cannot be reached.
    """
    await broker.probe()
    stage = Stage.set(plays, classes, clock, seed, root)
    stage.bundle_seconds = bundle_seconds
    longest = max((play.scenario.length for play in plays), default=0)
    async with asyncio.TaskGroup() as tasks:
        lines = [tasks.create_task(speaker.run(broker)) for speaker in stage.speakers]
        await stage.play(stage.start + longest + linger)
        for speaker in stage.speakers:
            await speaker.drained()
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                for speaker in stage.speakers:
                    await speaker.answered()
        for line in lines:
            line.cancel()
    return Published(
        started=stage.start,
        packets=sum(speaker.sent for speaker in stage.speakers),
        dropped=sum(speaker.dropped for speaker in stage.speakers),
        unacknowledged=sum(speaker.unacknowledged for speaker in stage.speakers),
    )


@dataclass(slots=True)
class Bundle:
    """Messages of one equipment that wait to travel together, and until when (loop time)."""

    due: float
    messages: list[Message] = field(default_factory=list)


@dataclass(slots=True)
class Stage:
    """The estates being played, and who speaks for whom."""

    clock: Clock
    start: Micros
    classes: Mapping[str, EquipmentClass]
    estates: tuple[Estate, ...]
    speaker_of: Mapping[str, Speaker]
    speakers: tuple[Speaker, ...]
    bundle_seconds: float = BUNDLE_SECONDS
    _bundles: dict[str, Bundle] = field(default_factory=dict)

    @classmethod
    def set(
        cls,
        plays: Sequence[Play],
        classes: Mapping[str, EquipmentClass],
        clock: Clock,
        seed: int,
        root: str,
    ) -> "Stage":
        """Build everything; nothing is connected yet."""
        start = clock.now()
        calm = clock.caught_up_at if isinstance(clock, ScaledClock) else start
        estates, speakers = [], []
        for one in plays:
            coming = changes(one.scenario, start=start, calm_from=max(start, calm), seed=seed)
            estate = estate_of(one.ledger, classes, start=start, seed=seed, changes=coming)
            estates.append(estate)
            speakers.extend(_speakers(estate, Writer(one.ledger.site.id, f"b{start:x}", root)))
        return cls(
            clock=clock,
            start=start,
            classes=classes,
            estates=tuple(estates),
            speakers=tuple(speakers),
            speaker_of={id_: one for one in speakers for id_ in one.equipment},
        )

    async def play(self, until: Micros | None) -> None:
        """Live along with the clock until a time; None = until cancelled."""
        loop, rate = asyncio.get_running_loop(), 0.0
        while until is None or self.clock.now() < until:
            if (faster := 1 / self.clock.real_seconds(SECOND)) != rate:
                rate = faster
                for estate in self.estates:
                    estate.set_rate(self.classes, rate)
            now = self.clock.now()
            for estate in self.estates:
                self._collect(estate.advance(now), estate, loop.time(), rate)
            self._hand_over(loop.time())
            await asyncio.sleep(BEAT_SECONDS)
        self._hand_over(float("inf"))

    def _collect(
        self, messages: Iterable[Message], estate: Estate, real: float, rate: float
    ) -> None:
        for message in messages:
            bundle = self._bundles.get(message.equipment)
            if bundle is None:
                silent = estate.silent_after(message.equipment)
                hold = min(self.bundle_seconds, silent / SECOND / rate / 8) if rate > 2 else 0.0
                bundle = self._bundles[message.equipment] = Bundle(real + hold)
            bundle.messages.append(message)
            if message.happening is not None or message.online is not None:
                bundle.due = real

    def _hand_over(self, real: float) -> None:
        due = [id_ for id_, bundle in self._bundles.items() if bundle.due <= real]
        for id_ in due:
            speaker = self.speaker_of[id_]
            for packet in speaker.writer.packets(self._bundles.pop(id_).messages):
                speaker.put(packet)


def _speakers(estate: Estate, writer: Writer) -> list[Speaker]:
    """Return a site's connections: one for each that speaks for others, one for all the rest."""
    ledger, heard = estate.ledger, estate.reporters.keys()
    own: list[Speaker] = []
    for id_ in heard:
        children = tuple(one for one in ledger.children_of(id_) if one in heard)
        speaks = bool(children or ledger.equipment[id_].parts)
        if speaks and ledger.equipment[id_].parent not in heard:
            own.append(Speaker(writer, (id_, *children), writer.will(id_)))
    taken = {id_ for speaker in own for id_ in speaker.equipment}
    rest = tuple(id_ for id_ in heard if id_ not in taken)
    return [*own, Speaker(writer, rest)] if rest else own
