"""Runs the live step over the archive: the journal's records in their order of arrival.

The ledger is that of the time. So are the rules, unless a draft is tried: then two engines go over
the same records in one pass, one with the draft, one with the version of the same rules that ran
live. Rules that explain others (a dead feeder what it feeds) are with both. Nothing is written, and
nothing running is asked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from gengfu.core.batch import Event, ReadingBatch
from gengfu.core.clock import HOUR, MINUTE, Micros
from gengfu.core.errors import BadInput
from gengfu.core.names import Names
from gengfu.core.record import Body, LedgerChange, NewNames, Record, RulesChange, Tick
from gengfu.ledger.model import EquipmentClass
from rules.engine.skim import Told, steps
from rules.engine.state import State
from rules.engine.step import begin
from rules.engine.verdict import Verdict
from rules.episodes import Episode, Episodes
from rules.language.reader import read_rules
from rules.language.rule import Children, Rule
from rules.language.selection import only
from rules.past.catalogue import looks_back

LEAD: Micros = 25 * HOUR
"""How much before the period is read at least: the journal says ledger and rules every day."""
BATCH = 500


class Archive(Protocol):
    """What a back-test reads: a reading end of the journal."""

    def read(self, after: int, *, limit: int = ...) -> Sequence[Record]:
        """Return records after a position, [] when nothing is new."""

    def names_at(self, position: int) -> Names:
        """Return the names as of a position."""

    def first_position(self) -> int:
        """Return the oldest position that is still there."""

    def last_position(self) -> int:
        """Return the newest position."""

    def position_at(self, at: Micros) -> int:
        """Return the last position written before ``at``."""


class Lack(StrEnum):
    """What a back-test did not have."""

    NOTHING = "nothing"
    """No record lies in the period."""
    BEGINNING = "beginning"
    """The archive begins within the period: what was before ``until`` is not in the result."""
    LEAD = "lead"
    """The archive begins shortly before: windows and learned normals were not full at first."""
    LEDGER = "ledger"
    """No ledger was known before ``until``, or (None) at all."""
    LIVE_RULES = "live_rules"
    """The rules that ran live were not known before ``until``, or (None) at all."""
    RECORDS = "records"
    """Damaged or dropped while being read: ``records`` of them."""
    OLD_RULES = "old_rules"
    """The rules of that time cannot be read by this version."""
    MEMORY = "memory"
    """Some rules remember more of the past than was read before the period: ``rules``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something missing, and what that means for the result."""

    lack: Lack
    until: Micros | None = None
    records: int = 0
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of a pass over the archive."""

    start: Micros
    end: Micros
    rules: tuple[str, ...]
    """Which were tried; empty = all that ran live."""
    records: int
    readings: int
    events: int
    found: tuple[Episode, ...]
    live: tuple[Episode, ...] | None
    """Of the version that ran live; None when it is that which was tried."""
    missing: tuple[Missing, ...]

    @property
    def covered_from(self) -> Micros:
        """From when on there was an archive: figures by the hour count from there."""
        begins = (one.until for one in self.missing if one.lack is Lack.BEGINNING and one.until)
        return max((self.start, *begins))


Progress = Callable[[int, int], None]
"""(records done, records in all)"""
Hear = Callable[[Sequence[Verdict]], None]
"""Told what each step said within the period."""


def _deaf(_verdicts: Sequence[Verdict]) -> None:
    """Hear nothing."""


@dataclass(slots=True)
class _Side:
    """One engine with its rule files and what it found."""

    state: State
    start: Micros
    hear: Hear
    rules: frozenset[str] = frozenset()
    """What is asked about; empty = all. Linkage speaks whatever rules are tried."""
    episodes: Episodes = field(default_factory=Episodes)

    def step(self, body: Body, position: int, now: Micros) -> None:
        self.run([Told(body, position, now)])

    def run(self, records: Sequence[Told]) -> None:
        self.state, verdicts = steps(self.state, records)
        found = [one for one in verdicts if one.at >= self.start and self._is_asked(one)]
        if found:
            self.episodes.take(found)
            self.hear(found)

    def _is_asked(self, verdict: Verdict) -> bool:
        return not self.rules or verdict.rule in self.rules


def _body(record: Record) -> Body:
    try:
        return record.body()
    except ValueError:
        return Tick()  # as live: passing it over is all that helps


def _looks_back(rule: Rule) -> Micros:
    """Return how much before a time a rule's memory of that time begins."""
    return max((looks_back(one.root) for one in rule.expressions), default=0)


class Replay:
    """One pass over the archive. Use ``run`` once."""

    def __init__(
        self,
        archive: Archive,
        classes: Mapping[str, EquipmentClass],
        *,
        start: Micros,
        end: Micros,
        draft: Mapping[str, str] | None = None,
        hear: Hear = _deaf,
    ) -> None:
        """Make ready to try ``draft`` (rule files), or all that ran live, over [start, end).

        ``hear`` is told every verdict of what is tried.

        Raises:
            BadInput: with every mistake of the draft.
        """
        self._archive = archive
        self._start, self._end = start, end
        self._draft = draft
        self._classes = classes
        rules = read_rules(draft or {}, classes)
        self._rules = tuple(rule.id for rule in rules)
        self._lead = LEAD + max(map(_looks_back, rules), default=0)
        asked = frozenset(self._rules)
        self._tried = _Side(begin(classes), start, hear, asked)
        self._live = _Side(begin(classes), start, _deaf, asked) if draft else None
        self._counts = [0, 0, 0]
        self._missing: list[Missing] = []
        self._knows_rules = False
        """Whether the journal said which rules ran live; of a new rule there is no live version."""
        self._first: Micros = 0
        """When the first record was written."""

    def run(self, progress: Progress = lambda _done, _of: None) -> Replayed:
        """Read, step, collect.

        Raises:
            JournalError: when the archive cannot be read.
        """
        after = max(
            self._archive.position_at(self._start - self._lead),
            self._archive.first_position() - 1,
        )
        last = self._archive.last_position()
        self._begin(after)
        for records in self._records(after, last):
            self._take(records)
            progress(records[-1].position - after, last - after)
        self._look_back()
        return Replayed(
            start=self._start,
            end=self._end,
            rules=self._rules,
            records=self._counts[0],
            readings=self._counts[1],
            events=self._counts[2],
            found=self._tried.episodes.all(),
            live=self._live.episodes.all() if self._live else None,
            missing=tuple(self._missing),
        )

    def _begin(self, after: int) -> None:
        names = self._archive.names_at(after)
        known = NewNames((0, 0), tuple(names.equipment), tuple(names.points))
        for side in self._sides():
            side.step(known, after, 0)
        if self._draft:
            self._tried.step(RulesChange(self._draft), after, 0)

    def _sides(self) -> list[_Side]:
        return [self._tried, self._live] if self._live else [self._tried]

    def _records(self, after: int, last: int) -> Iterator[Sequence[Record]]:
        """Yield what lies in the period and its lead, some at a time; note what is gone."""
        position = after
        while position < last:
            found = self._archive.read(position, limit=BATCH)
            within = [one for one in found if one.position <= last and one.written_at < self._end]
            for record in within:
                if position == after:
                    self._look_at_the_beginning(record.written_at)
                elif record.position > position + 1:
                    lost = record.position - position - 1
                    self._missing.append(Missing(lack=Lack.RECORDS, records=lost))
                position = record.position
            if within:
                yield within
            if len(within) < len(found) or not found:
                return

    def _look_at_the_beginning(self, at: Micros) -> None:
        self._first = at
        if at > self._start:
            self._missing.append(Missing(lack=Lack.BEGINNING, until=at))
        elif at > self._start - self._lead + HOUR:
            self._missing.append(Missing(lack=Lack.LEAD, until=at))

    def _take(self, records: Sequence[Record]) -> None:
        """Give records to both sides; what changes ledger or rules by itself."""
        alike: list[Told] = []
        for record in records:
            body = _body(record)
            self._counts[0] += 1
            if isinstance(body, LedgerChange | RulesChange):
                self._run(alike)
                alike = []
                self._take_change(body, record)
                continue
            if isinstance(body, ReadingBatch):
                self._counts[1] += len(body)
            elif isinstance(body, tuple) and body and isinstance(body[0], Event):
                self._counts[2] += len(body)
            alike.append(Told(body, record.position, record.written_at))
        self._run(alike)

    def _run(self, records: Sequence[Told]) -> None:
        for side in self._sides():
            side.run(records)

    def _take_change(self, body: LedgerChange | RulesChange, record: Record) -> None:
        if isinstance(body, LedgerChange):
            if not self._tried.state.ledgers:
                self._late(Lack.LEDGER, record.written_at)
            self._run([Told(body, record.position, record.written_at)])
        else:
            self._take_rules(body, record)

    def _take_rules(self, body: RulesChange, record: Record) -> None:
        """Give the live version to whom it belongs; a draft stays as it is, among those that explain it."""
        if not self._knows_rules:
            self._knows_rules = True
            self._late(Lack.LIVE_RULES, record.written_at)
        tried, live = body.files, body.files
        if self._draft is not None:
            explaining = self._explaining(body.files)
            live = only(body.files, explaining | set(self._rules))
            around = only(body.files, explaining - set(self._rules))
            tried = {f"live/{name}": text for name, text in around.items()} | dict(self._draft)
        for side, files in ((self._tried, tried), (self._live, live)):
            if side is not None:
                side.step(RulesChange(files), record.position, record.written_at)

    def _explaining(self, files: Mapping[str, str]) -> frozenset[str]:
        """Return the rules whose alerts say why others have none: those of a dead supply."""
        try:
            rules = read_rules(files, self._classes)
        except BadInput:
            return frozenset()  # told as OLD_RULES
        return frozenset(rule.id for rule in rules if rule.children is Children.FED)

    def _late(self, lack: Lack, at: Micros) -> None:
        """Note what came late; where the journal begins it comes within moments."""
        if at > max(self._start, self._first + MINUTE):
            self._missing.append(Missing(lack=lack, until=at))

    def _look_back(self) -> None:
        """Note what never came."""
        side = self._live or self._tried
        never = {
            Lack.NOTHING: not self._counts[0],
            Lack.LEDGER: not side.state.ledgers,
            Lack.LIVE_RULES: not self._knows_rules,
            Lack.OLD_RULES: bool(side.state.refused),
        }
        self._missing.extend(Missing(lack=lack) for lack, so in never.items() if so)
        plans = {id(unit.plan): unit.plan for unit in side.state.roll}.values()
        rules = (one.rule for plan in plans for one in plan.rules)
        longer = sorted({one.id for one in rules if _looks_back(one) > self._lead})
        if longer:
            self._missing.append(Missing(lack=Lack.MEMORY, rules=tuple(longer)))
