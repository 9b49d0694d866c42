"""What linkage did is told in the API, on the alert it belongs to, and as a report of its own."""

import re
from dataclasses import replace

import httpx
import pytest

from alerts.model import Handling
from dashboards.web.pages.next_step import worst_first
from gengfu.core.clock import SECOND
from gengfu.core.naming import Subject
from gengfu.ledger.model import Cause, LinkageLine
from rules.linkage.run import CONFIRMED, MISSING, Awaited, Run, RunKind, Stage
from tests.fakes.alerts import sample_alert
from tests.fakes.desk import FakeDesk
from tests.unit.dashboards.web.conftest import bearer

pytestmark = pytest.mark.asyncio
PAGE = {**bearer("guard"), "Accept": "text/html", "Accept-Language": "en"}


def _line(seconds: int, expectation: str, *equipment: str) -> LinkageLine:
    return LinkageLine(
        cause=Cause.CONFIRMED_FIRE,
        where="b1",
        equipment=equipment,
        expectation=expectation,
        within=seconds * SECOND,
    )


def run(desk: FakeDesk) -> Run:
    """Return a fire after which a lift went home, a door did not open and one is gone."""
    began = desk.clock.now() - 90 * SECOND
    return Run(
        "77-1",
        "yunhe",
        Cause.CONFIRMED_FIRE,
        "fire-panel-1",
        "<fc>",
        began,
        [
            Awaited(
                _line(60, "mode == fire", "lift-b1-u1-left"),
                began + 60 * SECOND,
                Stage.MET,
                began + 12_300_000,
            ),
            Awaited(_line(30, "not locked", "door-b1-u1-main"), began + 30 * SECOND, Stage.MISSING),
            Awaited(
                _line(15, "fan_run", "smoke-fan-b1"),
                began + 15 * SECOND,
                Stage.ALREADY,
                began,
                before=True,
            ),
            Awaited(_line(30, "not run", "gone-1"), began + 30 * SECOND, Stage.UNKNOWN),
        ],
        part="1-001",
        signals={"1-001": began, "1-002": began - 5 * SECOND},
    )


async def test_run_that_only_the_engine_knows(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """List and single run have every line with its seconds; another site's reader finds neither."""
    desk.linkage.runs = [run(desk)]
    (told,) = (await client.get("/api/v1/linkage", headers=bearer("guard"))).json()
    assert told == (await client.get("/api/v1/linkage/77-1", headers=bearer("guard"))).json()
    assert [(one["stage"], one["after_seconds"]) for one in told["responses"]] == [
        ("met", 12.3),
        ("missing", None),
        ("already", 0.0),
        ("unknown", None),
    ]
    desk.people.sites = frozenset({"elsewhere"})
    for path in ("/api/v1/linkage/77-1", "/linkage/77-1"):
        assert (await client.get(path, headers=bearer("guard"))).status_code == 404
    assert (await client.get("/api/v1/linkage", headers=bearer("guard"))).json() == []


async def test_report_without_what_went_wrong(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """The report has the worst first, in words and escaped, also of what the ledger lost."""
    desk.linkage.runs = [replace(run(desk), kind=RunKind.DRILL)]
    page = (await client.get("/linkage/77-1", headers=PAGE)).text
    assert re.findall(r'data-stage="(\w+)"', page) == ["missing", "unknown", "already", "met"]
    assert "already so before, action not proved" in page
    assert "not locked" in page
    assert "12.3 s" in page
    assert "gone-1" in page
    assert "drill" in page
    assert "<fc>" not in page
    assert 'data-run="77-1"' in (await client.get("/linkage", headers=PAGE)).text


@pytest.mark.parametrize(("rule", "shown"), [(MISSING, True), ("pump.dry", False)])
async def test_guard_has_to_look_for_the_list(
    desk: FakeDesk, client: httpx.AsyncClient, rule: str, *, shown: bool
) -> None:
    """An alert of a run shows on its card what did not answer; another of that panel does not."""
    desk.linkage.runs = [run(desk)]
    subject = Subject("fire-panel-1", "1-001" if shown else None)
    alert = sample_alert(rule=rule, subject=subject, children=("door-b1-u1-main",))
    desk.alerts.put(alert, "opened")
    for path in ("/guard", "/alerts/a-1"):
        page = (await client.get(path, headers=PAGE)).text
        assert ("/linkage/77-1" in page) is shown
        assert ("should be “not locked”: no response" in page) is shown


@pytest.mark.parametrize(
    ("handling", "assignee", "first"),
    [
        (Handling.NEW, None, "fire"),
        (Handling.EN_ROUTE, "me", "fire"),
        (Handling.EN_ROUTE, "another", "signal"),
    ],
)
async def test_confirmed_fire_below_a_single_signal(
    handling: Handling, assignee: str | None, first: str
) -> None:
    """It goes before the older signal that one walks to, unless somebody else has taken it."""
    signal = sample_alert("signal", priority=1, handling=Handling.EN_ROUTE, assignee="me")
    fire = sample_alert(
        "fire", rule=CONFIRMED, priority=1, opened_at=5, handling=handling, assignee=assignee
    )
    assert worst_first((signal, fire), "me")[0].id == first
