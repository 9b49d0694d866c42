"""Writes every change of an alert beside the readings, so that Grafana can count and time them.

The alerts' own database is the record; this is a picture of it, each change written once and, after
a kill in between, once more over itself.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import structlog

from alerts.model import Step, What
from alerts.read import Change
from dashboards.grafana.measurements import ALERT
from gengfu.core.clock import SECOND
from gengfu.core.errors import StoreUnavailable
from gengfu.durable import replace_file
from ingest.store.port import Measurement, MeasurementSink

_log = structlog.get_logger(__name__)

AT_ONCE = 200
EVERY_S = 2.0


class Changes(Protocol):
    """Where the changes of all alerts are read."""

    def changes_after(self, change: int, limit: int = AT_ONCE) -> Sequence[Change]:
        """Return the changes behind a number, oldest first."""


def measurement(change: Change) -> Measurement:
    """Return a change as a point; ``opened`` is 1 on the one that opened the alert: sums count.

    The part is a tag too: two detectors of one panel may open in the same microsecond.
    """
    alert, entry = change.alert, change.entry
    # Read late, a step may be one of the call before.
    called_at = alert.called_at if alert.called_at <= entry.at else alert.opened_at
    since_call = max(0, entry.at - called_at) / SECOND
    return Measurement(
        name=ALERT,
        tags={
            "site": alert.site,
            "equipment": alert.subject.equipment,
            "part": alert.subject.part or "",
            "kind": alert.kind,
            "severity": alert.severity,
            "rule": alert.rule,
        },
        fields={
            "alert": alert.id,
            "what": entry.what,
            "handling": str(alert.handling),
            "condition": str(alert.condition),
            "opened": 1 if entry.what == What.OPENED else None,
            "ack_s": since_call if entry.what == Step.ACKNOWLEDGE else None,
            "arrive_s": since_call if entry.what == Step.ARRIVE else None,
        },
        at=entry.at,
    )


class AlertWriteBack:
    """Follows the changes with a cursor in a file of its own. Blocking but for ``run``."""

    def __init__(self, changes: Changes, sink: MeasurementSink, cursor: Path) -> None:
        self._changes = changes
        self._sink = sink
        self._cursor = cursor

    async def run(self) -> None:
        """Write until cancelled; while the store is away the changes wait in the alerts' database."""
        away = False
        while True:
            try:
                more = await asyncio.to_thread(self.write)
            except StoreUnavailable as exc:
                more = False
                if not away:
                    _log.warning("alert changes cannot be written back", reason=str(exc))
                away = True
            else:
                if away:
                    _log.info("alert changes are written back again")
                away = False
            if not more:
                await asyncio.sleep(EVERY_S)

    def write(self) -> bool:
        """Write the next changes; tell whether there may be more.

        Raises:
            StoreUnavailable: when the store takes nothing now.
        """
        changes = self._changes.changes_after(self._position(), AT_ONCE)
        if not changes:
            return False
        self._sink.write_measurements([measurement(change) for change in changes])
        replace_file(self._cursor, f"{changes[-1].id}\n".encode("ascii"))
        return len(changes) == AT_ONCE

    def _position(self) -> int:
        try:
            return int(self._cursor.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0
