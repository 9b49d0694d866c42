"""Alerts as the API of a running system tells them, for a score and for those who act in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from gengfu.app.rehearsal import about
from gengfu.core.clock import from_iso
from gengfu.core.errors import StartError
from gengfu.core.urgency import Kind, Severity
from simulators.scenario.score import Opened

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Told:
    """An alert and its id."""

    id: str
    opened: Opened


async def told_alerts(client: httpx.AsyncClient) -> Sequence[Told]:
    """Return every alert.

    Raises:
        StartError: when the system does not answer.
    """
    found: list[Told] = []
    asked: dict[str, str | int] = {"state": "all", "limit": _PAGE}
    while True:
        try:
            reply = await client.get("/api/v1/alerts", params=asked)
            reply.raise_for_status()
        except httpx.HTTPError as exc:
            raise StartError(f"The system's alerts cannot be read: {exc}") from exc
        page = reply.json()
        found.extend(Told(one["id"], _opened(one)) for one in page["alerts"])
        if not page["cursor"]:
            return found
        asked["cursor"] = page["cursor"]


def _opened(one: Mapping[str, str]) -> Opened:
    equipment, part = about(one["equipment"], one["part"])
    return Opened(
        rule=one["rule"],
        equipment=equipment,
        part=part,
        at=from_iso(one["opened_at"]),
        kind=Kind(one["kind"]),
        severity=Severity(one["severity"]),
        latched=bool(one["latched"]),
    )
