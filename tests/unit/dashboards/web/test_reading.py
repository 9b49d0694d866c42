"""What makes a page easy to read and to reach: its language, its totals, its headings, its keys."""

import re

import httpx
import pytest

from dashboards.web.render import HERE
from gengfu.core.naming import Subject
from tests.fakes.alerts import sample_alert
from tests.fakes.desk import FakeDesk
from tests.unit.dashboards.web.conftest import bearer

PAGE = {**bearer("engineer"), "Accept": "text/html", "Accept-Language": "en"}


async def test_another_language_loses_the_filter(client: httpx.AsyncClient) -> None:
    """The link to the other language keeps the query, and is not there after a POST."""
    page = (await client.get("/alerts?state=all&kind=security", headers=PAGE)).text
    assert 'href="?state=all&amp;kind=security&amp;lang=zh"' in page
    tried = await client.post("/engineer/rules/backtest", data={"text": "rules: ["}, headers=PAGE)
    assert "lang=zh" not in tried.text


@pytest.mark.parametrize(("query", "is_told"), [("", True), ("?kind=security", False)])
async def test_a_list_without_its_total(
    *, desk: FakeDesk, client: httpx.AsyncClient, query: str, is_told: bool
) -> None:
    """The list of everything open says how much that is, however little of it is on the page."""
    for number in range(3):
        desk.alerts.put(sample_alert(f"a-{number}"), "opened")
    page = (await client.get(f"/alerts{query}", headers=PAGE)).text
    assert ("3 open now, worst first" in page) is is_told


async def test_a_panel_with_nothing_in_it(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """An alert without values shows its equipment, and no empty box for what caused it."""
    desk.alerts.put(sample_alert(values={}, subject=Subject("lift-b1-u1-left")), "opened")
    page = (await client.get("/alerts/a-1", headers=PAGE)).text
    assert "What caused it" not in page
    assert 'href="/equipment/lift-b1-u1-left"' in page


async def test_a_problem_without_a_heading(client: httpx.AsyncClient) -> None:
    """A page that only says what is wrong has its heading too."""
    assert (await client.get("/alerts/none", headers=PAGE)).text.count("<h1") == 1


def test_what_scrolls_but_not_by_keys() -> None:
    """Whatever scrolls by itself can be reached by keys and has a name."""
    for path in (HERE / "templates").glob("*.html"):
        for tag in re.findall(r'<(?:div class="scroll|pre )[^>]*>', path.read_text("utf-8")):
            assert 'tabindex="0"' in tag, path.name
            assert "aria-label" in tag, path.name


def test_a_sheet_of_paper_taken_for_a_phone() -> None:
    """A4 is as narrow as a phone: what is meant for phones is meant for screens only."""
    for path in (HERE / "static/css").glob("*.css"):
        assert "@media (max-width: 760px)" not in path.read_text("utf-8"), path.name


def test_white_on_white() -> None:
    """What is typed has the colour of text on its own ground, not that of the card around it."""
    sheet = (HERE / "static/css/base.css").read_text("utf-8")
    assert "input, select, textarea { color: var(--text); }" in sheet
