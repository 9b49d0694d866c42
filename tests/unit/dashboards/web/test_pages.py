"""The pages: complete, safe to show anything, and what the three people look for is there."""

import re
from dataclasses import fields, replace
from itertools import product

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.clocks import Due
from alerts.lifecycle import TABLE
from alerts.model import Alert, Entry, Handling, Step
from alerts.read import Change
from alerts.reminders import reminder
from dashboards.accounting import Accounting
from dashboards.availability.figures import AvailabilityRow
from dashboards.web.pages.alerts import MOST_LINES, folded
from dashboards.web.pages.manager import month_of
from dashboards.web.pages.next_step import next_step, other_steps, worst_first
from gengfu.core.clock import HOUR, MINUTE, from_iso
from gengfu.core.naming import Bilingual
from gengfu.core.urgency import Kind, Severity
from tests.fakes.alerts import sample_alert
from tests.fakes.desk import PASSWORD, FakeDesk
from tests.fakes.ledgers import FakeLedgers, shipped
from tests.fakes.showcase import busy
from tests.unit.dashboards.web.conftest import bearer
from tests.unit.dashboards.web.test_words import SHANGHAI

PAGES = {
    "/guard": "guard",
    "/alerts": "guard",
    "/alerts?state=all&severity=critical": "guard",
    "/alerts/a-2": "guard",
    "/alerts/a-3": "auditor",
    "/report": "guard",
    "/engineer": "engineer",
    "/engineer/dead-letters": "engineer",
    "/equipment/pump-supply-2": "engineer",
    "/equipment/fire-panel-1?period=7d": "manager",
    "/manager": "manager",
    "/manager?month=2026-10&class=elevator": "manager",
}
INLINE = re.compile(r"<script(?![^>]*(src=|application/json))|\sstyle=|\son\w+=|<style|javascript:")
HTML = {"Accept": "text/html"}
ENGLISH = {"Accept-Language": "en"}


@pytest.mark.parametrize(("path", "language"), list(product(PAGES, ("zh", "en"))))
async def test_every_page_of_a_busy_evening(
    desk: FakeDesk, client: httpx.AsyncClient, path: str, language: str
) -> None:
    """Each page is made in both languages, says which, and holds nothing that the policy forbids."""
    busy(desk, desk.clock.now())
    join = "&" if "?" in path else "?"
    answer = await client.get(f"{path}{join}lang={language}", headers=bearer(PAGES[path]) | HTML)
    assert answer.status_code == 200
    tag = "zh-CN" if language == "zh" else "en"
    assert f'<html lang="{tag}">' in answer.text
    assert "lang=" in answer.headers["set-cookie"]
    assert INLINE.search(answer.text) is None
    labels = re.findall(r"<(?:input|select|textarea)\b(?![^>]*type=\"hidden\")", answer.text)
    assert answer.text.count("<label") >= len(labels)
    assert answer.text.count("<h1") == 1 or "/a-" in path


@pytest.mark.parametrize("path", [path for path in PAGES if "/a-" not in path])
async def test_every_page_without_any_data(client: httpx.AsyncClient, path: str) -> None:
    """With no alerts, no readings, no figures each page is still a page that says so."""
    answer = await client.get(path, headers=bearer(PAGES[path]) | HTML)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("due", "rounds", "said"),
    [
        (Due.UNACKNOWLEDGED, 0, "someone must take it within 4 min"),
        (Due.UNACKNOWLEDGED, 1, "nobody took it in time, next reminder in 4 min"),
        (Due.NOT_ARRIVED, 0, "someone must be there within 4 min"),
        (Due.NOT_ARRIVED, 26, "nobody there in time, next reminder in 4 min"),
    ],
)
async def test_what_is_overdue_still_has_minutes(
    desk: FakeDesk, client: httpx.AsyncClient, due: Due, rounds: int, said: str
) -> None:
    """Before its limit an alert says how long is left; afterwards that nobody kept it, not the reminder's wait."""
    now = desk.clock.now()
    alert = sample_alert(due_what=due, due_at=now + 4 * MINUTE, due_round=rounds, opened_at=now)
    desk.alerts.put(alert, "opened")
    for path in ("/guard", "/alerts/a-1"):
        page = await client.get(f"{path}?lang=en", headers=bearer("guard") | HTML)
        assert re.sub(r"<[^>]+>", "", page.text).count(said) == 1


async def test_an_alert_that_carries_a_script(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Whatever a device, a ledger or a person wrote is shown as text (fault F56)."""
    evil = Bilingual("<script>alert(1)</script>", '"><img onerror=x>')
    alert = sample_alert(title=evil, place=evil, advice=(evil,), values={"<b>": "</td><script>"})
    desk.alerts.put(alert, "comment", "guard", "<script>note</script>")
    for path in ("/guard", "/alerts", "/alerts/a-1", "/engineer"):
        for language in ("zh", "en"):
            headers = bearer("engineer") | HTML
            answer = await client.get(f"{path}?lang={language}", headers=headers)
            assert "&lt;" in answer.text
            assert not re.search(r"<script>|<img onerror|</td><script", answer.text), path


async def test_the_guards_way_without_scripts(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """From alert to close with nothing but the page's own forms, as a browser would send them."""
    desk.alerts.put(sample_alert(), "opened")
    await client.post("/login", data={"login": "guard", "password": PASSWORD})
    way = []
    for _ in range(8):
        html = (await client.get("/guard", headers=HTML)).text
        card = re.search(r'data-alert="a-1" data-handling="(\w+)"', html)
        if card is None:
            break
        primary = re.search(r'data-primary="([\w-]+)"', html)
        assert primary is not None
        step = primary[1]
        form = re.search(rf'action="(/alerts/a-1/{step})".*?name="key" value="([^"]+)"', html, re.S)
        assert form is not None
        fields = {"key": form[2], "back": "/guard"} | (
            {"verdict": "false"} if step == "verdict" else {}
        )
        sent = await client.post(form[1], data=fields, headers={"Origin": "http://desk"})
        assert sent.status_code == 303
        way.append(step)
    assert way == ["acknowledge", "en-route", "arrive", "verdict", "reset", "close"]
    assert desk.alerts.held["a-1"].handling is Handling.CLOSED
    assert "data-calm" in html


async def test_a_class_of_ones_own_whose_icon_is_not_drawn(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new class may name any icon: one that the sprite lacks is a box, not a hole."""
    classes = shipped()[0]
    own = replace(classes["pump"], icon="not_drawn")
    monkeypatch.setattr(FakeLedgers, "classes", {**classes, "pump": own})
    for path in ("/engineer", "/equipment/pump-supply-2"):
        html = (await client.get(path, headers=bearer("engineer") | HTML)).text
        assert "icons.svg#not_drawn" not in html
        assert "icons.svg#equipment" in html


async def test_sums_that_leave_a_fate_out(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """The page shows every part of the sum that the API tells, as it stands."""
    fates = [field.name for field in fields(Accounting) if field.name != "records_behind"]
    desk.sums = Accounting(**{fate: 7001 + n for n, fate in enumerate(fates)})
    html = (await client.get("/engineer/dead-letters", headers=bearer("engineer") | HTML)).text
    assert [n for n in range(len(fates)) if f"<strong>{7001 + n}</strong>" not in html] == []


async def test_a_step_that_somebody_else_took_first(
    desk: FakeDesk, client: httpx.AsyncClient
) -> None:
    """A button that no longer fits leads back to the page, which says what happened."""
    desk.alerts.put(sample_alert(handling=Handling.CLOSED), "opened")
    headers = bearer("guard") | HTML
    form = {"key": "k", "back": "/guard"}
    sent = await client.post("/alerts/a-1/acknowledge", data=form, headers=headers)
    assert sent.headers["location"] == "/guard?refused=illegal_step"
    page = await client.get(sent.headers["location"] + "&lang=zh", headers=headers)
    assert "有人先处理了" in page.text


async def test_a_report_form_that_is_not_filled_in(
    desk: FakeDesk, client: httpx.AsyncClient
) -> None:
    """What is missing is said, what was written stays; a complete one opens an alert."""
    headers = bearer("guard") | HTML
    form = {"key": "k", "place": "yunhe/b1", "kind": "", "text": "楼道有烟味"}
    answer = await client.post("/report?lang=zh", data=form, headers=headers)
    assert (answer.status_code, "楼道有烟味" in answer.text) == (422, True)
    done = await client.post("/report", data=form | {"kind": "life_safety"}, headers=headers)
    assert done.headers["location"] == "/alerts/r-1"
    assert desk.alerts.held["r-1"].title.zh == "楼道有烟味"


async def test_a_page_that_is_not_there(client: httpx.AsyncClient) -> None:
    """A person gets a page in his language, also for a missing or forbidden one."""
    lost = await client.get("/nowhere", headers={**HTML, "Accept-Language": "zh-CN"})
    assert (lost.status_code, "没有这个页面" in lost.text) == (404, True)
    forbidden = await client.get("/manager?lang=zh", headers=bearer("guard") | HTML)
    assert (forbidden.status_code, "没有这个权限" in forbidden.text) == (403, True)


@pytest.mark.parametrize("latched", [True, False])
@pytest.mark.parametrize("handling", Handling)
def test_a_button_that_would_be_refused(handling: Handling, latched: bool) -> None:
    """Every button that is shown stands in the alerts' own table."""
    alert = sample_alert(handling=handling, latched=latched, kind=Kind.SECURITY)
    shown: list[Step] = [*filter(None, [next_step(alert)]), *other_steps(alert)]
    assert all((handling, step) in TABLE for step in shown)
    assert (next_step(alert) is None) == (handling is Handling.CLOSED)


_ALERTS = st.builds(
    sample_alert,
    severity=st.sampled_from(Severity),
    handling=st.sampled_from([one for one in Handling if one is not Handling.CLOSED]),
    assignee=st.sampled_from([None, "guard", "other"]),
    opened_at=st.integers(0, 10),
    shelved_until=st.sampled_from([None, 1]),
)


@given(st.lists(_ALERTS, max_size=8))
def test_something_grave_below_something_slight(alerts: list[Alert]) -> None:
    """What is shelved comes last; before that nothing stands above what is graver."""
    order = [
        (one.shelved_until is not None, list(Severity).index(one.severity))
        for one in worst_first(tuple(alerts), "guard")
    ]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("asked", "start", "hours", "before", "after"),
    [
        (None, "2026-11-01T00:00:00+08:00", 19 * 24 + 14, "2026-10", None),
        ("2026-10", "2026-10-01T00:00:00+08:00", 31 * 24, "2026-09", "2026-11"),
        ("2026-01", "2026-01-01T00:00:00+08:00", 31 * 24, "2025-12", "2026-02"),
        ("2025-12", "2025-12-01T00:00:00+08:00", 31 * 24, "2025-11", "2026-01"),
        ("2027-01", "2026-11-01T00:00:00+08:00", 19 * 24 + 14, "2026-10", None),
        ("13", "2026-11-01T00:00:00+08:00", 19 * 24 + 14, "2026-10", None),
    ],
)
def test_months(asked: str | None, start: str, hours: int, before: str, after: str | None) -> None:
    """A month is the site's calendar month, cut at the present; none lies in the future."""
    month = month_of(asked, from_iso("2026-11-20T14:00:00+08:00"), SHANGHAI)
    assert (month.start, month.end - month.start) == (from_iso(start), hours * HOUR)
    assert (month.before, month.after) == (before, after)


def _row(
    key: str, share: float | None, down: float = 0.0, *, coverage: float = 1.0
) -> AvailabilityRow:
    return AvailabilityRow(
        key=key, availability=share, coverage=coverage, failures=1, mtbf_s=None, mttr_s=None,
        planned_s=0.0, down_s=down, unknown_s=0.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        ([], "11 月还没有数据"),
        ([_row("elevator", None)], "11 月还没有数据"),
        (
            [_row("elevator", 0.995), _row("pump", 1.0)],
            "11 月各类设备均达标，最低的是电梯：99.50\u2009\u2060%",
        ),
        (
            [_row("elevator", 0.995), _row("pump", 1.0, coverage=0.89)],
            "11 月没有一类设备未达标，但有 1 类数据不足，不能判定",
        ),
        (
            [_row("elevator", 0.98, coverage=0.003), _row("pump", 1.0, coverage=0.003)],
            "11 月数据太少，还不能与目标比较",
        ),
        (
            [_row("pump", 1.0), _row("elevator", 0.98999)],
            "11 月电梯可用率98.99\u2009\u2060%，未达 99\u2009\u2060%：1号楼1单元左梯停用 11 小时",
        ),
    ],
)
async def test_the_managers_sentence(
    desk: FakeDesk, client: httpx.AsyncClient, classes: list[AvailabilityRow], sentence: str
) -> None:
    """First comes what was missed, by how much and because of which equipment."""
    desk.clock.at = from_iso("2026-11-20T14:00:00+08:00")
    desk.availability.rows = {
        "class": classes,
        "equipment": [_row("lift-b1-u1-left", 0.9, 39_600), _row("lift-b1-u1-right", 0.99, 60)],
    }
    page = await client.get("/manager?lang=zh", headers=bearer("manager") | HTML)
    assert f"data-headline>{sentence}</h1>" in page.text
    printed = page.text.partition('<p class="printed">')[2].partition("</p>")[0]
    assert printed.endswith("2026-11-01 00:00 – 2026-11-20 14:00")  # whose month, on paper


async def test_a_month_before_the_first_data_is_covered_whole(
    desk: FakeDesk, client: httpx.AsyncClient
) -> None:
    """Where no time was required there is no share of it that is known: a dash, not 100 %."""
    desk.availability.rows = {"class": [_row("elevator", None)]}
    page = await client.get("/manager?month=2019-01", headers=bearer("manager") | HTML)
    assert "2019" in page.text
    assert "100.0" not in page.text


async def test_a_month_whose_data_begin_late(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """A month says from when on there are data, when that is not from its beginning."""
    desk.clock.at = from_iso("2026-11-20T14:00:00+08:00")
    for since, said in (("2026-11-18T09:30:00+08:00", True), ("2026-11-01T00:05:00+08:00", False)):
        row = replace(_row("elevator", 0.995, coverage=0.1), since=from_iso(since))
        desk.availability.rows = {"class": [row]}
        page = await client.get("/manager?lang=zh", headers=bearer("manager") | HTML)
        assert ("数据自 2026-11-18 09:30 起" in page.text) is said


async def test_what_is_old_looks_old(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """A value older than its class allows is marked stale, whatever it says."""
    busy(desk, desk.clock.now())
    fresh = await client.get("/equipment/pump-supply-2", headers=bearer("engineer") | HTML)
    assert 'class="stale"' not in fresh.text
    desk.clock.advance(HOUR)
    stale = await client.get("/equipment/pump-supply-2", headers=bearer("engineer") | HTML)
    assert 'class="stale" data-point-row="current"' in stale.text


_WHATS = st.sampled_from(["opened", "notified", "occurred", "comment", "acknowledge"])


@given(st.lists(_WHATS, max_size=12))
def test_a_line_of_the_timeline_that_is_lost(whats: list[str]) -> None:
    """Folding drops no line and no order: unfolded again, the timeline is as it was."""
    timeline = [
        Entry(alert="a-1", version=n, at=n, actor="rule", what=what) for n, what in enumerate(whats)
    ]
    lines = folded(timeline)
    assert [entry.what for entry, times in reversed(lines) for _ in range(times)] == whats
    assert all(times == 1 for entry, times in lines if entry.what in {"comment", "acknowledge"})


async def test_reminders_bury_the_story(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Months without anybody are one line that says how often and for what; the rest stays near."""
    alert = desk.alerts.put(sample_alert(), "opened")
    for nth in range(5000):
        line = reminder(replace(alert, due_round=nth), nth + 2, desk.clock.now())
        desk.alerts.made.append(Change(nth + 2, line, alert))
    shown = (await client.get(f"/alerts/{alert.id}", headers=bearer("guard") | HTML | ENGLISH)).text
    assert shown.count("Reminded: nobody has taken it") == 1
    assert "× 5000" in shown
    assert "Alert opened" in shown


async def test_a_long_story_fills_the_page(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """The newest lines are shown; the others are a tap away, and then all are there."""
    alert = desk.alerts.put(sample_alert(), "opened")
    for nth in range(2, MOST_LINES + 51):
        alert = desk.alerts.put(replace(alert, version=nth), ("cleared", "returned")[nth % 2])
    address = f"/alerts/{alert.id}"
    short = (await client.get(address, headers=bearer("guard") | HTML | ENGLISH)).text
    assert "Alert opened" not in short
    assert f"{address}?lines=all" in short
    assert "50 older lines" in short
    whole = (
        await client.get(f"{address}?lines=all", headers=bearer("guard") | HTML | ENGLISH)
    ).text
    assert "Alert opened" in whole
    assert "older lines" not in whole


def test_the_sample_is_what_its_tests_think() -> None:
    """The sample alert is life safety, latched and untaken; a change changes only that."""
    alert = sample_alert()
    assert replace(alert, version=2) == sample_alert(version=2)
