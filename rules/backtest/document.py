"""A back-test's result as the JSON that scripts, the API and the page get: times as ISO 8601 UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from gengfu.core.clock import Micros, to_iso
from gengfu.core.naming import Bilingual, Scalar
from rules.backtest.difference import difference
from rules.backtest.known import Hindsight
from rules.backtest.quality import quality
from rules.backtest.replay import Replayed
from rules.episodes import Episode


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeLine:
    """One alert as it would have been."""

    rule: str
    site: str
    equipment: str
    part: str | None
    position: int
    opened_at: str
    condition_since: str
    cleared_at: str | None
    occurrences: int
    severity: str
    kind: str
    late: bool
    title: Bilingual
    values: Mapping[str, Scalar]
    compared: str
    """``both``, ``only_new``, ``only_live``; empty when nothing was compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingLine:
    """Something that the back-test did not have."""

    lack: str
    until: str | None
    records: int
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BinLine:
    """Ten minutes in which something opened."""

    start: str
    alarms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityBlock:
    """The figures of one side."""

    alarms: int
    per_10_minutes: tuple[BinLine, ...]
    quiet_bins: int
    flood_bins: int
    peak: int
    chattering: tuple[str, ...]
    stale: int
    walks: int
    walks_per_hour: float
    most_walks_in_an_hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The whole result."""

    start: str
    covered_from: str
    """From when on there was an archive; figures count from there."""
    end: str
    rules: tuple[str, ...]
    records: int
    readings: int
    events: int
    took_seconds: float
    missing: tuple[MissingLine, ...]
    alerts: tuple[EpisodeLine, ...]
    """Of what was tried, and after them those that only the live version had."""
    quality: QualityBlock
    live_quality: QualityBlock | None
    known: Hindsight | None


def document(result: Replayed, known: Hindsight | None, took_seconds: float) -> Document:
    """Put a result together for its readers."""
    return Document(
        start=to_iso(result.start),
        covered_from=to_iso(result.covered_from),
        end=to_iso(result.end),
        rules=result.rules,
        records=result.records,
        readings=result.readings,
        events=result.events,
        took_seconds=round(took_seconds, 3),
        missing=tuple(
            MissingLine(lack=one.lack, until=_iso(one.until), records=one.records, rules=one.rules)
            for one in result.missing
        ),
        alerts=_lines(result),
        quality=_quality(result.found, result),
        live_quality=None if result.live is None else _quality(result.live, result),
        known=known,
    )


def encode(result: Document) -> bytes:
    """Write it as JSON."""
    return msgspec.json.encode(result)


def decode(text: bytes) -> Document:
    """Read it back.

    Raises:
        ValueError: when it is none.
    """
    return msgspec.json.decode(text, type=Document)


def _lines(result: Replayed) -> tuple[EpisodeLine, ...]:
    if result.live is None:
        return tuple(_line(one, "") for one in result.found)
    compared = difference(result.found, result.live)
    new = {(*one.key, one.position) for one in compared.only_new}
    return (
        *(
            _line(one, "only_new" if (*one.key, one.position) in new else "both")
            for one in result.found
        ),
        *(_line(one, "only_live") for one in compared.only_live),
    )


def _line(one: Episode, compared: str) -> EpisodeLine:
    return EpisodeLine(
        rule=one.rule,
        site=one.site,
        equipment=one.subject.equipment,
        part=one.subject.part,
        position=one.position,
        opened_at=to_iso(one.opened),
        condition_since=to_iso(one.since),
        cleared_at=_iso(one.cleared),
        occurrences=one.occurrences,
        severity=one.severity,
        kind=one.kind,
        late=one.late,
        title=one.title,
        values=one.values,
        compared=compared,
    )


def _quality(episodes: Sequence[Episode], result: Replayed) -> QualityBlock:
    found = quality(episodes, result.covered_from, result.end)
    return QualityBlock(
        alarms=found.alarms,
        per_10_minutes=tuple(BinLine(start=to_iso(o.start), alarms=o.alarms) for o in found.bins),
        quiet_bins=found.quiet_bins,
        flood_bins=found.flood_bins,
        peak=found.peak,
        chattering=tuple(f"{rule} {subject}" for rule, subject in found.chattering),
        stale=found.stale,
        walks=found.walks,
        walks_per_hour=round(found.walks_per_hour, 3),
        most_walks_in_an_hour=found.most_walks_in_an_hour,
    )


def _iso(at: Micros | None) -> str | None:
    return None if at is None else to_iso(at)
