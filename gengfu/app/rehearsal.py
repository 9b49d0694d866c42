"""Plays a scenario through decoder, journal records and rules in one process, without waiting.

What devices would send is written as their bytes, decoded by the gateway's own intake and judged by
the live step; only broker, clock and alerts are left out. So it says in seconds, and every time the
same, what the rules make of a story.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway import topics
from gateway.codecs.native.message import Limits
from gateway.decoded import RawMessage
from gateway.directory import build_directory
from gateway.intake import Intake
from gateway.service import own_event
from gengfu.app.acting import People, people_of
from gengfu.core.batch import TopicKind
from gengfu.core.clock import MINUTE, SECOND, Micros, from_iso
from gengfu.core.errors import BadInput
from gengfu.core.identity import Identity
from gengfu.core.names import Names
from gengfu.core.record import (
    Body,
    Draft,
    LedgerChange,
    NewNames,
    RulesChange,
    Tick,
    decode,
)
from gengfu.ledger import snapshot
from gengfu.ledger.model import EquipmentClass, SiteLedger
from gengfu.ledger.own import OWN_CORE, OWN_SITE, own_ledger
from rules.engine.state import State
from rules.engine.step import begin, step
from rules.episodes import Episode, Episodes
from simulators.broker.wire import Writer
from simulators.estate.estate import Estate, estate_of
from simulators.scenario.model import Scenario
from simulators.scenario.score import Opened, Score, score
from simulators.scenario.timeline import changes

A_MONDAY: Micros = from_iso("2026-03-09T00:00:00+08:00")
"""Midnight of the day on which every rehearsal plays."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What stories are rehearsed with; the same seed plays the same story."""

    classes: Mapping[str, EquipmentClass]
    rules: Mapping[str, str]
    seed: int = 1

    def score(
        self,
        scenario: Scenario,
        *,
        ledgers: Sequence[SiteLedger] = (),
        until: Micros | None = None,
    ) -> Score:
        """Return how the rules do in a scenario's script; ``until`` cuts it short.

        Raises:
            BadInput: with every mistake of the rules.
        """
        length = scenario.length if until is None else min(until, scenario.length)
        found: list[Opened] = []
        for ledger in scenario.stages(ledgers):
            bench = self._play(scenario, ledger, length)
            found.extend(
                opened(one, bench.people.taken(one.rule, one.subject, one.opened))
                for one in bench.episodes.all()
            )
        return score(scenario, found, start=A_MONDAY + scenario.begins)

    def alerts(self, scenario: Scenario, ledger: SiteLedger, length: Micros) -> tuple[Episode, ...]:
        """Return the alerts that a scenario's script makes at one site in the time ``length``.

        Raises:
            BadInput: with every mistake of the rules.
        """
        return self._play(scenario, ledger, length).episodes.all()

    def _play(self, scenario: Scenario, ledger: SiteLedger, length: Micros) -> "_Bench":
        start = A_MONDAY + scenario.begins
        script = replace(scenario, afterwards=None).of(ledger)
        coming = changes(script, start=start, calm_from=start, seed=self.seed)
        estate = estate_of(ledger, self.classes, start=start, seed=self.seed, changes=coming)
        bench = _Bench(self.classes, people_of(script, ledger, start))
        bench.take(LedgerChange(ledger.site.id, snapshot.encode(ledger)), start)
        bench.take(RulesChange(self.rules), start)
        bench.must_know_its_rules()
        bench.watch(estate, Writer(ledger.site.id, "r1"), start, start + length)
        return bench


def about(equipment: str, part: str | None) -> tuple[str, str | None]:
    """Return equipment and part that an alert is about to people.

    What Gengfu tells of itself about a device (its clock is off) has the device as its part.
    """
    return (part, None) if equipment == OWN_CORE and part is not None else (equipment, part)


def opened(one: Episode, taken: frozenset[str] = frozenset()) -> Opened:
    """Return what a score needs of an alert."""
    equipment, part = about(one.subject.equipment, one.subject.part)
    return Opened(
        rule=one.rule,
        equipment=equipment,
        part=part,
        at=one.opened,
        kind=one.kind,
        severity=one.severity,
        latched=one.latched,
        taken=taken,
    )


FAMILIAR = 100_000
"""So many of the newest identities, and up to twice as many, may come twice in a story."""
_SENDERS_LOOK: Micros = 5 * SECOND
_MISSING: Micros = MINUTE
"""As long as the gateway waits for what may be late."""


@dataclass(slots=True)
class _Bench:
    """A journal that keeps nothing: what is appended is judged at once."""

    classes: Mapping[str, EquipmentClass]
    people: People
    names: Names = field(default_factory=Names)
    episodes: Episodes = field(default_factory=Episodes)
    _state: State = field(init=False)
    _position: int = 0
    _named: tuple[int, int] = (0, 0)
    _familiar: set[Identity] = field(default_factory=set)
    _older: set[Identity] = field(default_factory=set)
    """Those before: whole generations are forgotten, since one by one would cost more than all else."""

    def __post_init__(self) -> None:
        self._state = begin(self.classes)

    def take(self, body: Body, at: Micros) -> None:
        """Judge one record."""
        self._position += 1
        self._state, verdicts = step(self._state, body, position=self._position, now=at)
        self.episodes.take(one for one in verdicts if not one.late)
        self.people.hear(verdicts)

    def must_know_its_rules(self) -> None:
        if self._state.refused:
            raise BadInput(self._state.refused)

    def append(
        self, drafts: Sequence[Draft], *, at: Micros, identities: Sequence[Identity] = ()
    ) -> range:
        """Take what the intake would make durable, new names first."""
        if len(self._familiar) >= FAMILIAR:
            self._older, self._familiar = self._familiar, set()
        self._familiar.update(identities)
        first = self._position + 1
        for body in self._bodies(drafts):
            self.take(body, at)
        return range(first, self._position + 1)

    def known(self, identities: Sequence[Identity]) -> frozenset[Identity]:
        return frozenset(one for one in identities if one in self._familiar or one in self._older)

    def _bodies(self, drafts: Sequence[Draft]) -> Iterator[Body]:
        if self.names.size() != self._named:
            start, self._named = self._named, self.names.size()
            equipment, points = self.names.equipment[start[0] :], self.names.points[start[1] :]
            yield NewNames(start, tuple(equipment), tuple(points))
        for one in drafts:
            yield decode(one.kind, one.payload)

    def watch(self, estate: Estate, writer: Writer, start: Micros, end: Micros) -> None:
        """Let an estate live from ``start`` to ``end`` and judge what it sends, second by second."""
        ledgers = [estate.ledger, own_ledger()]
        self.take(LedgerChange(OWN_SITE, snapshot.encode(ledgers[1])), start)
        directory = build_directory(ledgers, self.classes, self.names, writer.root)
        intake = Intake(self, directory, Limits())
        for now in range(start + SECOND, end + SECOND, SECOND):
            packets = writer.packets(list(estate.advance(now)))
            raw = [RawMessage(one.topic, one.payload, now) for one in packets]
            if now % _SENDERS_LOOK == 0:
                raw.extend(_own_events(intake, now, writer.root))
            if raw:
                intake.commit(raw, at=now)
            self.take(Tick(), now)
            for action in self.people.act(now):
                self.take(action, now)


def _own_events(intake: Intake, now: Micros, root: str) -> Iterator[RawMessage]:
    """Yield what the gateway would tell of the devices that it hears."""
    topic = topics.up(OWN_SITE, OWN_CORE, TopicKind.EVENT, root)
    for one in intake.senders.remarks(now, missing_since=now - _MISSING):
        yield RawMessage(topic, own_event(one.type, one.attributes, one.equipment), now)
