"""What late data changed, for scripts and on the pages where it belongs."""

import httpx
import pytest

from gengfu.core.clock import HOUR, MINUTE
from gengfu.core.naming import Bilingual, Subject
from gengfu.core.urgency import Kind, Severity
from rules.late.hindsight import Changed, Finding
from tests.fakes.desk import FakeDesk
from tests.unit.dashboards.web.conftest import bearer

pytestmark = pytest.mark.asyncio
PAGE = {**bearer("engineer"), "Accept": "text/html", "Accept-Language": "en"}


def finding(desk: FakeDesk) -> Finding:
    """Return an alarm that a buffered hour hid."""
    now = desk.clock.now()
    return Finding(
        changed=Changed.WOULD_HAVE_FIRED,
        rule="pump.bearing_hot",
        site="yunhe",
        subject=Subject("pump-supply-1"),
        since=now - HOUR,
        until=now - HOUR + 10 * MINUTE,
        severity=Severity.HIGH,
        kind=Kind.MAINTENANCE,
        title=Bilingual("轴承温度高：<97>", "Bearing hot: <97>"),
    )


async def test_alarm_that_would_have_been(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """It is in the API and on the equipment's page, escaped; another site's reader sees none."""
    desk.late.findings = [finding(desk)]
    (told,) = (await client.get("/api/v1/late", headers=bearer("engineer"))).json()
    assert (told["changed"], told["equipment"]) == ("would_have_fired", "pump-supply-1")
    page = (await client.get("/equipment/pump-supply-1", headers=PAGE)).text
    assert "Bearing hot: &lt;97&gt;" in page
    assert "this would have been an alert" in page
    desk.people.sites = frozenset({"elsewhere"})
    assert (await client.get("/api/v1/late", headers=bearer("engineer"))).json() == []


async def test_period_of_late_findings(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Only what began within the period is listed."""
    desk.late.findings = [finding(desk)]
    minutes = (desk.clock.now() - 30 * MINUTE) // 1000
    later = await client.get(f"/api/v1/late?from={minutes}", headers=bearer("engineer"))
    assert later.json() == []
