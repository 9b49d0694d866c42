"""Runs the live step twice over the same records, as they came and as they would have come in time.

What differs is what late data changed: an alarm that would have been, one that would not, one that
would have ended sooner. Both runs are the engine's own step; nothing is judged by other rules here.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter

from gengfu.core.clock import MINUTE, Micros
from gengfu.core.naming import Bilingual, Subject
from gengfu.core.partition import EVERY_PARTITION
from gengfu.core.record import Body, NewNames, Record, Tick
from gengfu.core.urgency import Kind, Severity
from gengfu.ledger.model import EquipmentClass
from rules.backtest.difference import difference
from rules.backtest.replay import BATCH, LEAD, Archive
from rules.engine.state import State
from rules.engine.step import begin, step
from rules.episodes import Episode, Episodes
from rules.late.rows import Moment, split

SOONER: Micros = MINUTE
"""An end that moved by less is none."""


class Changed(StrEnum):
    """What late data say about an alarm."""

    WOULD_HAVE_FIRED = "would_have_fired"
    WOULD_NOT_HAVE_FIRED = "would_not_have_fired"
    WOULD_HAVE_CLEARED = "would_have_cleared"
    """Sooner than it did: at ``until``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One alarm that late data change. Times are event times."""

    changed: Changed
    rule: str
    site: str
    subject: Subject
    since: Micros
    until: Micros | None
    """None = it would still be on."""
    severity: Severity
    kind: Kind
    title: Bilingual


@dataclass(slots=True)
class _Run:
    """One engine over the records."""

    state: State
    episodes: Episodes = field(default_factory=Episodes)

    def step(self, body: Body, position: int, now: Micros) -> None:
        self.state, verdicts = step(self.state, body, position=position, now=now)
        self.episodes.take(verdicts)


def hindsight(
    archive: Archive,
    classes: Mapping[str, EquipmentClass],
    *,
    partition: int,
    since: Micros,
    until: Micros,
    end: Micros,
) -> tuple[Finding, ...]:
    """Return what late data about [since, until] changed in one site; records up to ``end`` count.

    Rules about the link itself say the same either way: that nothing was heard is true.

    Raises:
        JournalError: when the archive cannot be read.
    """
    came, was = _Run(begin(classes)), _Run(begin(classes))
    after = max(archive.position_at(since - LEAD), archive.first_position() - 1)
    waiting = _moments(archive, partition, after, end)
    names = archive.names_at(after)
    known = NewNames((0, 0), tuple(names.equipment), tuple(names.points))
    for run in (came, was):
        run.step(known, after, 0)
    for record in _records(archive, after, partition, end):
        body = _body(record)
        came.step(body, record.position, record.written_at)
        while waiting and waiting[0].at <= record.written_at:
            moment = waiting.popleft()
            was.step(moment.body, record.position, moment.at)
        timely, _ = split(body)
        was.step(
            Tick(was.state.rate) if timely is None else timely, record.position, record.written_at
        )
    return tuple(
        _findings(was.episodes.all(), came.episodes.all(), since, until, _links(was.state))
    )


def _links(state: State) -> frozenset[str]:
    """Return the rules that are about the link itself."""
    plans = {id(unit.plan): unit.plan for unit in state.roll}.values()
    rules = (compiled.rule for plan in plans for compiled in plan.rules)
    return frozenset(one.id for one in rules if one.no_data is not None or one.watches_link)


def _moments(archive: Archive, partition: int, after: int, end: Micros) -> deque[Moment]:
    """Collect all that was told late in the records to come, in the order of its time.

    Also what speaks of a time before the one that is looked at: an alarm may be on since.
    """
    found: list[Moment] = []
    for record in _records(archive, after, partition, end):
        found.extend(split(_body(record))[1])
    return deque(sorted(found, key=attrgetter("at")))


def _records(archive: Archive, after: int, partition: int, end: Micros) -> Iterator[Record]:
    last = archive.last_position()
    while after < last:
        records = archive.read(after, limit=BATCH)
        if not records:
            return
        for record in records:
            if record.position > last or record.written_at > end:
                return
            after = record.position
            if record.partition in {partition, EVERY_PARTITION}:
                yield record


def _body(record: Record) -> Body:
    try:
        return record.body()
    except ValueError:
        return Tick()


def _findings(
    was: Sequence[Episode],
    came: Sequence[Episode],
    since: Micros,
    until: Micros,
    links: frozenset[str],
) -> Iterator[Finding]:
    """Compare both runs where late data speak of."""

    def touches(one: Episode) -> bool:
        return one.since <= until and (one.cleared is None or one.cleared >= since)

    ours = [one for one in was if one.rule not in links and not one.late]
    theirs = [one for one in came if one.rule not in links and not one.late]
    compared = difference(ours, theirs)
    for one in filter(touches, compared.only_new):
        yield _finding(Changed.WOULD_HAVE_FIRED, one, one.cleared)
    for one in filter(touches, compared.only_live):
        yield _finding(Changed.WOULD_NOT_HAVE_FIRED, one, one.cleared)
    for one in filter(touches, compared.both):
        live = next((other for other in theirs if _same(one, other)), None)
        if live and one.cleared and (live.cleared is None or live.cleared > one.cleared + SOONER):
            yield _finding(Changed.WOULD_HAVE_CLEARED, one, one.cleared)


def _same(one: Episode, other: Episode) -> bool:
    begins = min(one.since, one.opened)
    return one.key == other.key and (other.cleared is None or other.cleared >= begins)


def _finding(changed: Changed, one: Episode, until: Micros | None) -> Finding:
    return Finding(
        changed=changed,
        rule=one.rule,
        site=one.site,
        subject=one.subject,
        since=one.since,
        until=until,
        severity=one.severity,
        kind=one.kind,
        title=one.title,
    )
