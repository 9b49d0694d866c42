"""What calls over the alert that somebody looks at, on every page of whoever handles alerts."""

import re
from dataclasses import replace

import httpx
import pytest

from alerts.model import Alert, Handling
from gengfu.core.urgency import Severity
from tests.fakes.alerts import sample_alert
from tests.fakes.desk import FakeDesk
from tests.unit.dashboards.web.conftest import bearer

HTML = {"Accept": "text/html"}
OWN = sample_alert("a-own", handling=Handling.ARRIVED, assignee="guard")
CALLED = sample_alert("a-own", severity=Severity.HIGH)
FIRE = sample_alert("a-fire", priority=1)
HIGH = sample_alert("a-high", severity=Severity.HIGH, opened_at=1)
MEDIUM = sample_alert("a-medium", severity=Severity.MEDIUM)


@pytest.mark.parametrize(
    ("shown", "others", "called"),
    [
        (OWN, [FIRE], "a-fire"),
        (OWN, [MEDIUM], "a-medium"),
        (OWN, [replace(MEDIUM, handling=Handling.ACKNOWLEDGED)], None),
        (CALLED, [FIRE], "a-fire"),
        (CALLED, [HIGH], None),
        (replace(FIRE, id="a-own"), [replace(FIRE, opened_at=1)], "a-fire"),
        (CALLED, [], None),
        (None, [HIGH], "a-high"),
        (None, [MEDIUM], None),
        (None, [replace(FIRE, shelved_until=1)], None),
        (replace(OWN, handling=Handling.CLOSED), [HIGH], "a-high"),
        (replace(OWN, handling=Handling.CLOSED), [MEDIUM], None),
    ],
)
async def test_a_fire_while_another_alert_is_shown(
    desk: FakeDesk,
    client: httpx.AsyncClient,
    shown: Alert | None,
    others: list[Alert],
    called: str | None,
) -> None:
    """What calls over the alert that a browser shows is named above it, whoever has that one."""
    for alert in [*filter(None, [shown]), *others]:
        desk.alerts.put(alert, "opened")
    headers = bearer("guard") | HTML
    html = (await client.get("/waiting?lang=zh&shown=a-own", headers=headers)).text
    strip = re.search(r'href="/alerts/([\w-]+)" data-waiting>', html)
    assert (strip[1] if strip else None) == called
    assert strip is None or "1 条" in html


@pytest.mark.parametrize("path", ["/guard", "/alerts", "/alerts/a-own", "/report", "/engineer"])
async def test_a_page_that_cannot_be_called_from(
    desk: FakeDesk, client: httpx.AsyncClient, path: str
) -> None:
    """Every page of whoever handles alerts looks for what calls and can sound; an auditor's does not."""
    desk.alerts.put(OWN, "opened")
    calling = re.compile(r"data-silent hidden.*hx-get=\"/waiting\"", re.S)
    assert calling.search((await client.get(path, headers=bearer("engineer") | HTML)).text)
    seen = await client.get(path, headers=bearer("auditor") | HTML)
    assert calling.search(seen.text) is None


async def test_a_guard_without_scripts(client: httpx.AsyncClient) -> None:
    """Without scripts the guard's page looks by itself every half minute, and says that it is deaf."""
    html = (await client.get("/guard?lang=zh", headers=bearer("guard") | HTML)).text
    bare = re.findall(r"<noscript>(.*?)</noscript>", html, re.S)
    assert ("30" in bare[0], "没有声音" in bare[1]) == (True, True)
