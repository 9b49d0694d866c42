"""The first steps tick off what is really so, and the test alarm is an alert like any other."""

import re

import httpx
import pytest

from dashboards.web.app import build_app
from dashboards.web.pages.start import TEST_ALARM
from dashboards.web.ports import PartState, ShownDemo
from gengfu.core.states import OperatingState
from tests.fakes.desk import FakeDesk, interval
from tests.unit.dashboards.web.conftest import bearer

pytestmark = pytest.mark.asyncio
PAGE = {**bearer("engineer"), "Accept": "text/html", "Accept-Language": "en"}


def _done(page: str) -> list[bool]:
    return ["done" in kind.split() for kind in re.findall(r'<li class="(panel step[^"]*)"', page)]


async def test_step_ticked_off_that_nobody_saw(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Estate, alarm path, device, people, alarm: each is open until it is so."""
    for ready in (False, True):
        desk.parts = [PartState(name="alarm path", ready=ready)]
        page = (await client.get("/start", headers=PAGE)).text
        assert _done(page)[:3] == [True, ready, False]
    lift = "lift-b1-u1-left"
    desk.estate.history[lift] = [interval(lift, OperatingState.RUNNING, 0)]
    page = (await client.get("/start", headers=PAGE)).text
    assert _done(page)[:3] == [True, True, True]
    assert "gengfu devices add lift-b1-u1-right" in page


async def test_demo_that_nobody_gets_rid_of(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """In a demo the page says how to a clean system, in a form that can be pasted; else not."""
    assert "demo" not in (await client.get("/start", headers=PAGE)).text
    desk.demo = ShownDemo(folder="/srv/our demo")
    transport = httpx.ASGITransport(app=build_app(desk.ports()))
    async with httpx.AsyncClient(transport=transport, base_url="http://demo") as other:
        page = (await other.get("/start", headers=PAGE)).text
    assert "gengfu demo remove --data &#39;/srv/our demo&#39;\ngengfu up" in page


async def test_alarm_that_only_looks_sent(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """It stands among the alerts, and the step is done only when somebody took it."""
    answer = await client.post("/start/test-alarm", headers=PAGE, data={"key": "k"})
    assert answer.status_code == 303
    listed = (await client.get("/api/v1/alerts", headers=bearer("guard"))).json()["alerts"]
    assert [one["title"]["zh"] for one in listed] == [TEST_ALARM]
    assert _done((await client.get("/start", headers=PAGE)).text)[-1] is False
    path = f"/api/v1/alerts/{listed[0]['id']}/acknowledge"
    assert (await client.post(path, headers=bearer("guard"), json={})).status_code == 200
    assert _done((await client.get("/start", headers=PAGE)).text)[-1] is True


async def test_guard_sets_up(client: httpx.AsyncClient) -> None:
    """Who only guards sees neither the page nor its button."""
    headers = {**bearer("guard"), "Accept": "text/html"}
    assert (await client.get("/start", headers=headers)).status_code == 403
    answer = await client.post("/start/test-alarm", headers=headers, data={"key": "k"})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/guard", "/engineer", "/manager", "/report"])
async def test_empty_system_that_does_not_say_what_comes_next(
    desk: FakeDesk, client: httpx.AsyncClient, path: str
) -> None:
    """Before there is a ledger every page says so and leads to the first steps."""
    desk.ledgers.empty = True
    page = (await client.get(path, headers={**PAGE, **bearer("admin")})).text
    assert "No equipment yet" in page
    assert '<a class="button" href="/start">' in page
    assert "<form" not in page.partition("<main")[2].partition("</main>")[0]


async def test_empty_system_that_sends_a_guard_where_he_may_not_go(
    desk: FakeDesk, client: httpx.AsyncClient
) -> None:
    """Who may not import is told who does."""
    desk.ledgers.empty = True
    page = (await client.get("/guard", headers={**PAGE, **bearer("guard")})).text
    assert "An engineer or administrator imports the ledger first." in page
    assert "/start" not in page
