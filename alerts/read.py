"""What desk sees of alerts: lists, timelines and changes, from a connection that cannot write."""

import base64
import binascii
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Engine, Select, func, select, tuple_

from alerts.model import UNTAKEN, Alert, Entry
from alerts.reminders import told
from alerts.rows import alert_of, entry_of, urgency
from alerts.schema import alerts, timeline
from gengfu.core.clock import Micros
from gengfu.core.urgency import Kind, Severity

LONGEST_PAGE = 500
_GRAVITY = {severity: place for place, severity in enumerate(Severity)}


class BadCursor(ValueError):
    """A cursor that no page gave out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """Which alerts are wanted; None = any. Times (µs) bound ``opened_at``: since ≤ … < until."""

    open_only: bool = True
    """Then the most urgent come first; otherwise the newest."""
    sites: tuple[str, ...] | None = None
    equipment: str | None = None
    kind: Kind | None = None
    severity: Severity | None = None
    shelved: bool | None = None
    since: Micros | None = None
    until: Micros | None = None
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Some alerts, and where the next page begins; None when this is the last."""

    alerts: tuple[Alert, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """The open alerts, shelved ones too, of one equipment or of people's reports in one building."""

    site: str
    building: str | None
    """Where the alerts are: a panel's may be in another building than the panel. None: in none."""
    equipment: str | None
    """None: people reported a place."""
    gravest: Severity
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSums:
    """What is open altogether, however little of it a list shows."""

    active: int = 0
    """Open and not shelved."""
    untaken: int = 0
    """Active ones that nobody has taken."""
    shelved: int = 0
    spots: tuple[Spot, ...] = ()

    @property
    def total(self) -> int:
        return self.active + self.shelved

    @property
    def gravest(self) -> Mapping[str, Severity]:
        """The gravest severity of each equipment's open alerts, shelved ones too."""
        lightest_first = sorted(self.spots, key=lambda one: _GRAVITY[one.gravest], reverse=True)
        return {one.equipment: one.gravest for one in lightest_first if one.equipment}


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a timeline with its number over all alerts, and the alert as it stands now."""

    id: int
    entry: Entry
    alert: Alert


class AlertReader:
    """Reads the alerts' database; open it read-only when another process writes it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self, wanted: AlertFilter) -> Page:
        """Return one page of alerts.

        Raises:
            BadCursor: when the cursor is none of ours.
        """
        limit = max(1, min(wanted.limit, LONGEST_PAGE))
        query = _ordered(select(alerts).where(*_conditions(wanted)), wanted)
        with self._engine.connect() as connection:
            rows = connection.execute(query.limit(limit + 1)).mappings().all()
        found = tuple(alert_of(row) for row in rows[:limit])
        return Page(found, _cursor_after(found[-1], wanted) if len(rows) > limit else None)

    def open_sums(self, sites: Sequence[str] | None = None) -> OpenSums:
        """Return the sums over all open alerts of some sites (None: all)."""
        shelved = alerts.c.shelved_until.is_not(None)
        untaken = alerts.c.handling.in_([handling.value for handling in UNTAKEN])
        where = (alerts.c.site, alerts.c.building, alerts.c.equipment)
        groups = (*where, alerts.c.severity, shelved, untaken)
        wanted = AlertFilter(sites=tuple(sites) if sites is not None else None)
        query = select(*groups, func.count()).where(*_conditions(wanted)).group_by(*groups)
        with self._engine.connect() as connection:
            return _summed(tuple(row) for row in connection.execute(query))

    def get(self, alert_id: str) -> Alert | None:
        """Return an alert as it stands."""
        query = select(alerts).where(alerts.c.id == alert_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return alert_of(row) if row else None

    def timeline(self, alert_id: str) -> tuple[Entry, ...]:
        """Return an alert's timeline, oldest first; of many reminders the first and the last."""
        query = select(timeline).where(timeline.c.alert == alert_id)
        newest_first = query.order_by(timeline.c.version.desc())
        with self._engine.connect() as connection:
            lines = told(entry_of(row) for row in connection.execute(newest_first).mappings())
            return tuple(lines)[::-1]

    def changes_after(self, change: int, limit: int = 200) -> tuple[Change, ...]:
        """Return the changes behind number ``change``, oldest first; 0 = from the beginning."""
        query = (
            select(timeline)
            .where(timeline.c.change > change)
            .order_by(timeline.c.change)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            lines = connection.execute(query).mappings().all()
            touched = alerts.c.id.in_({line["alert"] for line in lines})
            rows = connection.execute(select(alerts).where(touched)).mappings()
            found = {row["id"]: alert_of(row) for row in rows}
        return tuple(Change(line["change"], entry_of(line), found[line["alert"]]) for line in lines)

    def fired(self, since: Micros, sites: Sequence[str] | None = None) -> Mapping[str, int]:
        """Return how many alerts each rule opened since then."""
        wanted = AlertFilter(
            open_only=False, sites=tuple(sites) if sites is not None else None, since=since
        )
        query = (
            select(alerts.c.rule, func.count()).where(*_conditions(wanted)).group_by(alerts.c.rule)
        )
        with self._engine.connect() as connection:
            return {row.rule: row[1] for row in connection.execute(query)}

    def last_change(self) -> int:
        """Return the number of the newest change; 0 when there is none."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(timeline.c.change))).scalar() or 0


def _conditions(wanted: AlertFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.open_only:
        conditions.append(alerts.c.handling != "closed")
    if wanted.sites is not None:
        conditions.append(alerts.c.site.in_(wanted.sites))
    for column, value in (
        (alerts.c.equipment, wanted.equipment),
        (alerts.c.kind, wanted.kind),
        (alerts.c.severity, wanted.severity),
    ):
        if value is not None:
            conditions.append(column == str(value))
    if wanted.shelved is not None:
        conditions.append(alerts.c.shelved_until.is_not(None) == wanted.shelved)
    if wanted.since is not None:
        conditions.append(alerts.c.opened_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(alerts.c.opened_at < wanted.until)
    return conditions


def _summed(groups: Iterable[tuple[Any, ...]]) -> OpenSums:
    sums: Counter[str] = Counter()
    found: dict[tuple[str, str | None, str | None], dict[Severity, int]] = defaultdict(dict)
    for site, building, equipment, severity, shelved, untaken, count in groups:
        sums["shelved" if shelved else "active"] += count
        sums["untaken"] += count if untaken and not shelved else 0
        here = found[site, building or None, equipment or None]
        here[Severity(severity)] = here.get(Severity(severity), 0) + count
    spots = (
        Spot(
            site=site,
            building=building,
            equipment=equipment,
            gravest=min(counts, key=_GRAVITY.__getitem__),
            count=sum(counts.values()),
        )
        for (site, building, equipment), counts in found.items()
    )
    return OpenSums(**sums, spots=tuple(spots))


def _ordered(query: Select[Any], wanted: AlertFilter) -> Select[Any]:
    """Put the most urgent first, then the newest; or simply the newest. The id breaks ties."""
    keys = (-alerts.c.opened_at, alerts.c.id)
    columns = (alerts.c.urgency, *keys) if wanted.open_only else keys
    if wanted.cursor is not None:
        query = query.where(tuple_(*columns) > tuple_(*_read_cursor(wanted)))
    return query.order_by(*columns)


def _cursor_after(alert: Alert, wanted: AlertFilter) -> str:
    keys = (-alert.opened_at, alert.id)
    values = (urgency(alert), *keys) if wanted.open_only else keys
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def _read_cursor(wanted: AlertFilter) -> tuple[int | str, ...]:
    shape = tuple[int, int, str] if wanted.open_only else tuple[int, str]
    text = wanted.cursor or ""
    try:
        padded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        values: tuple[int | str, ...] = msgspec.json.decode(padded, type=shape)
    except (binascii.Error, ValueError, msgspec.DecodeError) as exc:
        raise BadCursor(f"{text!r} is no cursor of this list") from exc
    return values
