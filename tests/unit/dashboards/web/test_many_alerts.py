"""A storm of alerts: rows have a limit, figures and the wall have none."""

import re

import httpx
import pytest

from alerts.model import Handling
from gengfu.core.naming import Subject
from gengfu.core.urgency import Kind, Severity
from tests.fakes.alerts import sample_alert
from tests.fakes.desk import FakeDesk
from tests.unit.dashboards.web.conftest import bearer

pytestmark = pytest.mark.asyncio
MANY = 300


def _storm(desk: FakeDesk, **changes: object) -> str:
    """Open alerts at one lift, and the lightest and oldest at a pump, which is returned."""
    now = desk.clock.now()
    for n in range(MANY - 1):
        desk.alerts.put(sample_alert(f"a-{n}", opened_at=now - n, **changes), "opened")
    last = sample_alert(
        "last",
        opened_at=now - MANY,
        subject=Subject("pump-supply-2"),
        kind=Kind.MAINTENANCE,
        severity=Severity.LOW,
        priority=6,
    )
    desk.alerts.put(last, "opened")
    return "pump-supply-2"


async def _page(client: httpx.AsyncClient, path: str, role: str) -> str:
    headers = bearer(role) | {"Accept": "text/html", "Accept-Language": "en"}
    answer = await client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.text


async def test_guard_is_told_too_few(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """The guard is told how many are open and untaken, also beyond what is listed."""
    _storm(desk)
    assert f"and {MANY - 21} more" in await _page(client, "/guard", "guard")
    mine = sample_alert(
        "a-0", opened_at=desk.clock.now(), handling=Handling.EN_ROUTE, assignee="guard"
    )
    desk.alerts.put(mine, "en_route")
    calls = await _page(client, f"/waiting?shown={mine.id}", "guard")
    assert f"{MANY - 1} more that nobody has taken" in calls


async def test_engineer_sees_too_little(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """The wall shows what is beyond the list, and the list says how much that is."""
    pump = _storm(desk)
    wall = await _page(client, "/engineer", "engineer")
    assert re.search(r'class="cell low[^"]*" href="/equipment/' + pump, wall)
    assert f'<span class="muted">{MANY}</span>' in wall
    assert "and 100 more" in wall


async def test_shelved_ones_hide_what_calls(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """However many graver ones are shelved, what is not is on the guard's card."""
    _storm(desk, shelved_until=desk.clock.now() + 1)
    shown = await _page(client, "/guard", "guard")
    assert "data-calm" not in shown
    assert "/alerts/last" in shown.partition("Shelved")[0]
