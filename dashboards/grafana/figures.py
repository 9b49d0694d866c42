"""Derived figures as rows beside the readings, so that Grafana can draw them. Pure.

- ``operating_state``: a point where a state begins, and one now. Tags site, building, class,
  equipment; fields ``state`` (text) and ``code`` (its number in ``CODES``).
- ``availability``: one point a day, at the day's beginning in the site's own zone. Tag ``by``
  (equipment, class, building, site) and what it names; always the site.

Both are rewritten as the day goes on. A state that late data took back stays in the store as a
point of its time: the desk's own database is the record, this is a picture of it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dashboards.availability.account import Account
from dashboards.availability.figures import By, Entry, added_up
from gengfu.core.clock import SECOND, Micros, to_utc
from gengfu.core.states import OperatingState, StateInterval
from gengfu.ledger.model import EquipmentClass, SiteLedger
from ingest.store.port import Measurement

CODES = {
    OperatingState.UNKNOWN: 0,
    OperatingState.FAULT: 1,
    OperatingState.MAINTENANCE: 2,
    OperatingState.STANDBY: 3,
    OperatingState.RUNNING: 4,
}


def state_measurements(
    ledger: SiteLedger,
    intervals: Mapping[str, Sequence[StateInterval]],
    *,
    since: Micros,
    now: Micros,
) -> Iterator[Measurement]:
    """Yield where states began in [since, now), and the present ones at ``now``."""
    for equipment in ledger.equipment.values():
        tags = {
            "site": ledger.site.id,
            "building": ledger.building_of(equipment.place) or "",
            "class": equipment.equipment_class,
            "equipment": equipment.id,
        }
        found = intervals.get(equipment.id, ())
        begun = [(one.start, one.state) for one in found if since <= one.start < now]
        present = [(now, one.state) for one in found if one.end is None and one.start <= now]
        for at, state in (*begun, *present):
            yield Measurement(
                name="operating_state",
                tags=tags,
                fields={"state": state.value, "code": CODES[state]},
                at=at,
            )


def availability_measurements(
    entries: Iterable[Entry], classes: Mapping[str, EquipmentClass], *, at: Micros
) -> Iterator[Measurement]:
    """Yield the figures of one period, by everything, site by site, where there was anything yet."""
    by_site: dict[str, list[Entry]] = {}
    for entry in entries:
        by_site.setdefault(entry.site, []).append(entry)
    for mine in by_site.values():
        for by in By:
            first = {entry.key(by): entry for entry in reversed(mine)}
            for key, account in added_up(mine, by).items():
                if account.required or account.planned:
                    yield _measurement(by, first[key], account, classes, at)


def _measurement(
    by: By, entry: Entry, account: Account, classes: Mapping[str, EquipmentClass], at: Micros
) -> Measurement:
    tags = {"by": by.value, "site": entry.site}
    if by in {By.EQUIPMENT, By.BUILDING}:
        tags["building"] = entry.building
    if by in {By.EQUIPMENT, By.CLASS}:
        tags["class"] = entry.equipment_class
    if by is By.EQUIPMENT:
        tags["equipment"] = entry.equipment
    kind = classes.get(entry.equipment_class) if "class" in tags else None
    return Measurement(
        name="availability",
        tags=tags,
        fields={
            "ratio": account.availability,
            "coverage": account.coverage,
            "target": kind.availability_target if kind else None,
            "failures": account.failures,
            "mtbf_s": account.mtbf_s,
            "mttr_s": account.mttr_s,
            "planned_s": account.planned / SECOND,
            "up_s": account.up / SECOND,
            "down_s": account.down / SECOND,
            "unknown_s": account.unknown / SECOND,
            "count": account.count,
        },
        at=at,
    )


def day_of(at: Micros, zone: str, days_before: int = 0) -> tuple[Micros, Micros]:
    """Return [start, end) of the local day that a time lies in, or of one before it."""
    local = to_utc(at).astimezone(ZoneInfo(zone)).date() - timedelta(days=days_before)
    return _midnight(local.isoformat(), zone), _midnight(
        (local + timedelta(days=1)).isoformat(), zone
    )


def _midnight(day: str, zone: str) -> Micros:
    return int(datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).timestamp()) * SECOND
