"""The verdict from outside: which of the invariants (docs/architecture.md) hold for what an oracle saw.

Each function returns what is wrong, in sentences; nothing means that the invariant holds.
"""

import contextlib
import hashlib
import hmac
import json
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tests.acceptance.oracle import Oracle, Series, Taken
from tests.acceptance.system import System
from tests.acceptance.watch import Notified
from tests.integration.services import PATIENCE_S

FIRE = "fire_panel.first_signal"
_FATES = (
    "stored",
    "duplicate",
    "expired",
    "null",
    "unknown_point",
    "quarantined",
    "shed",
    "lost",
    "pending",
)


def alerts_of(system: System, equipment: str) -> list[dict[str, Any]]:
    """Return all alerts of an equipment, open and closed."""
    alerts: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        extra: dict[str, object] = {"cursor": cursor} if cursor else {}
        page = system.get("/api/v1/alerts", state="all", equipment=equipment, limit=500, **extra)
        alerts += page["alerts"]
        cursor = page["cursor"]
        if not cursor:
            return alerts


def stored(system: System, series: Series, sent: Mapping[int, float]) -> dict[int, float]:
    """Return what the store has of a series over the time in which it was sent."""
    equipment, point = series
    reply = system.get(
        f"/api/v1/equipment/{equipment}/readings",
        point=point,
        **{"from": min(sent), "to": max(sent) + 1},
    )
    values = dict(zip(reply["times"], reply["values"], strict=True))
    assert len(values) == len(reply["times"]), f"a time stands twice in {series}"
    return values


def handed_over(messages: Iterable[tuple[str, bytes]], sent: Taken) -> Taken:
    """Return what of the oracle's telemetry the broker handed over and Gengfu acknowledged."""
    taken: Taken = defaultdict(dict)
    ours = {equipment for equipment, _ in sent}
    for topic, payload in messages:
        levels = topic.split("/")
        if levels[-1] != "telemetry" or levels[2] not in ours:
            continue
        document = json.loads(payload)
        for point, value in document["points"].items():
            series = levels[2], point
            if series in sent:
                taken[series][document["ts"]] = value
    return taken


def wrong_events(system: System, oracle: Oracle) -> list[str]:
    """I1, I2, I3, I6, I9: each acknowledged event in exactly one alert, open, with a clock running."""
    faults = [
        f"{event} was never acknowledged" for event in set(oracle.raised) - oracle.acknowledged
    ]
    wanted: dict[str, Counter[str]] = defaultdict(Counter)
    for equipment, part in oracle.raised.values():
        wanted[equipment][part] += 1
    for equipment, parts in wanted.items():
        fires = [one for one in alerts_of(system, equipment) if one["rule"] == FIRE]
        found = Counter(one["part"] for one in fires)
        faults += [f"I1/I2 {equipment} {part}: no alert" for part in parts - found]
        faults += [f"I2 {equipment} {part}: {found[part]} alerts" for part in found - parts]
        for alert in fires:
            faults += _wrong_alert(alert)
    return faults


def _wrong_alert(alert: Mapping[str, Any]) -> list[str]:
    name = f"{alert['equipment']} {alert['part']}"
    faults = []
    if alert["occurrences"] != 1:
        faults.append(f"I2 {name}: {alert['occurrences']} occurrences")
    if alert["handling"] not in {"new", "notified"}:
        faults.append(f"I9 {name}: is {alert['handling']}, though nobody was there")
    elif alert["due_at"] is None:
        faults.append(f"I3 {name}: open and unacknowledged without a timer")
    return faults


def wrong_timelines(system: System, equipment: str, most: int = 150) -> list[str]:
    """I6: each alert's timeline counts its versions; a gap is reminders that a later one counts."""
    faults = []
    for alert in alerts_of(system, equipment)[:most]:
        entries = system.get(f"/api/v1/alerts/{alert['id']}")["timeline"]
        versions = [entry["version"] for entry in entries]
        gaps = [newer - older - 1 for older, newer in pairwise([0, *versions])]
        if min(gaps) < 0 or sum(gaps) != _left_out(entries):
            faults.append(f"I6 {equipment} {alert['part']}: versions {versions}")
    return faults


def _left_out(entries: Sequence[Mapping[str, Any]]) -> int:
    """Return how many reminders the rounds of the told ones count beside them."""
    before, left_out = 0, 0
    for entry in entries:
        if entry["what"] == "timer":
            nth = entry["attributes"]["round"]
            left_out += nth - 1 - (before if nth > before else 0)
            before = nth
    return left_out


def wrong_notifications(
    system: System, equipment: Iterable[str], notified: Sequence[Notified]
) -> list[str]:
    """I4: each alert reached its receiver; attempts of one notification bear one id."""
    openings = _openings(notified)
    faults = []
    for name in equipment:
        for alert in alerts_of(system, name):
            count = len(openings[alert["id"]])
            if count != 1:
                faults.append(f"I4 {name} {alert['part']}: {count} notifications of its opening")
    return faults


def let_notify(system: System, oracle: Oracle, notified: Sequence[Notified]) -> None:
    """Give the rules and the outbox their time with every event; the verdict says what is missing."""
    deadline = time.monotonic() + PATIENCE_S
    for equipment in {equipment for equipment, _ in oracle.raised.values()}:
        parts = {part for name, part in oracle.raised.values() if name == equipment}
        while time.monotonic() < deadline:
            alerts = alerts_of(system, equipment)
            if parts <= {one["part"] for one in alerts if one["rule"] == FIRE}:
                break
            time.sleep(0.5)
        ids = {one["id"] for one in alerts_of(system, equipment)}
        while ids - _openings(notified).keys() and time.monotonic() < deadline:
            time.sleep(0.1)


def _openings(notified: Sequence[Notified]) -> defaultdict[str, set[str]]:
    """Return the ids of each alert's opening as they came; an alert's id leads to them."""
    openings: defaultdict[str, set[str]] = defaultdict(set)
    for one in notified:
        if one.what == "opened":
            openings[one.alert].add(one.delivery)
    return openings


def wrong_readings(system: System, promised: Taken, sent: Taken) -> list[str]:
    """I1, I8: the store holds every promised value, bit-equal and once, and none that was not sent."""
    faults = []
    for series, values in promised.items():
        found = stored(system, series, sent[series])
        lost = [at for at in values if at not in found]
        wrong = [at for at in found if found[at] != sent[series].get(at)]
        if lost:
            faults.append(f"I1 {series}: {len(lost)} of {len(values)} lost, first {lost[0]}")
        if wrong:
            faults.append(f"I8 {series}: {len(wrong)} wrong or invented, first {wrong[0]}")
    return faults


def wrong_sums(system: System) -> list[str]:
    """I5: everything received is accounted for, exactly, at whatever moment it is asked."""
    sums = system.get("/api/v1/accounting")
    if sums["received"] != sum(sums[fate] for fate in _FATES) or sums["pending"] < 0:
        return [f"I5: {sums}"]
    return []


def broken_audit(system: System) -> list[str]:
    """I7: each line of the audit trail carries the HMAC over itself and the line before it.

    Computed here anew from the database and the key, as the page on the audit trail describes it.
    """
    key = bytes.fromhex((system.data / "secrets" / "audit.key").read_text(encoding="ascii"))
    with contextlib.closing(sqlite3.connect(f"file:{system.data}/desk.db?mode=ro", uri=True)) as db:
        rows = db.execute(
            "SELECT number, at, actor, action, subject, detail, mac FROM audit_entry ORDER BY number"
        ).fetchall()
    before, faults = "0" * 64, []
    for number, row in enumerate(rows, 1):
        content = json.dumps([before, *row[:-1]]).encode()
        before = hmac.new(key, content, hashlib.sha256).hexdigest()
        if (row[0], row[-1]) != (number, before):
            faults.append(
                f"I7: entry {row[0]} of the audit trail does not follow from the one before"
            )
            before = row[-1]
    if not rows:
        faults.append("I7: the audit trail is empty, though a token was made")
    return faults


def drained(system: System) -> bool:
    """Tell whether the store has caught up with the journal."""
    sums = system.get("/api/v1/accounting")
    return not sums["records_behind"] and not sums["pending"]
