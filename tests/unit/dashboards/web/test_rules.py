"""Rules in force, and back-tests by API and page: asked rightly, shown whole, refused with reasons."""

from dataclasses import replace

import httpx
import pytest

from dashboards.web.pages.rules import shelves
from dashboards.web.rulebook import BacktestBusy, BacktestFailed
from gengfu.core.clock import DAY, HOUR, MINUTE, to_iso
from gengfu.core.naming import Bilingual, Subject
from gengfu.core.urgency import Kind, Severity
from gengfu.people.roles import Role
from rules.backtest.document import Document, document
from rules.backtest.known import Hindsight
from rules.backtest.replay import Replayed
from rules.editions.editor import Asker
from rules.episodes import Episode
from rules.language.reader import read_rules
from rules.packs import shipped
from tests.fakes.alerts import sample_alert
from tests.fakes.desk import FakeDesk
from tests.fakes.rule_scene import CLASSES
from tests.unit.dashboards.web.conftest import bearer

pytestmark = pytest.mark.asyncio
ENGINEER = bearer("engineer")
PAGE = {**ENGINEER, "Accept": "text/html"}


def result(desk: FakeDesk) -> Document:
    """Return a result in which one alert is in both, one only new, one only as it ran."""
    now = desk.clock.now()
    one = Episode(
        rule="pump.bearing_hot",
        site="yunhe",
        subject=Subject("pump-supply-1"),
        position=7,
        opened=now - HOUR,
        since=now - HOUR - MINUTE,
        cleared=now - HOUR + MINUTE,
        severity=Severity.HIGH,
        kind=Kind.MAINTENANCE,
        latched=False,
        late=False,
        title=Bilingual("轴承温度高 <96>", "Bearing hot <96>"),
    )
    new = replace(one, subject=Subject("pump-supply-2"), cleared=None)
    live = replace(one, subject=Subject("gone", "1-001"))
    whole = Replayed(
        start=now - DAY,
        end=now,
        rules=("pump.bearing_hot",),
        records=10,
        readings=20,
        events=3,
        found=(one, new),
        live=(one, live),
        missing=(),
    )
    known = Hindsight(false_avoided=("a",), false_kept=(), real_kept=(), real_missed=("b", "c"))
    return document(whole, known, 0.5)


async def test_rules_in_force_say_whose_figures_they_are_and_how_often_they_fired(
    desk: FakeDesk, client: httpx.AsyncClient
) -> None:
    """Every rule with severity, source and the alerts of the last 30 days."""
    desk.alerts.put(sample_alert(opened_at=desk.clock.now() - DAY), "opened")
    old = desk.clock.now() - 31 * DAY
    desk.alerts.put(sample_alert("a-2", opened_at=old, rule="pump.fault"), "opened")
    found = {one["id"]: one for one in (await client.get("/api/v1/rules", headers=ENGINEER)).json()}
    assert found["elevator.suspected_entrapment"]["fired"] == 1
    assert found["pump.fault"]["fired"] == 0
    assert found["pump.bearing_hot"]["source"].startswith("U")
    shown = (await client.get("/engineer/rules", headers=PAGE)).text
    assert 'data-rule="pump.bearing_hot"' in shown
    assert "/engineer/rules/backtest?rule=pump.bearing_hot" in shown


async def test_the_question_arrives_as_it_was_asked(
    desk: FakeDesk, client: httpx.AsyncClient
) -> None:
    """Period, draft and the sites one may see go to the back-test."""
    now = desk.clock.now()
    desk.people.sites = frozenset({"yunhe"})
    body = {"from": to_iso(now - DAY), "to": to_iso(now)}
    answer = await client.post("/api/v1/rules/backtest", headers=ENGINEER, json=body)
    assert answer.status_code == 200
    assert answer.json()["missing"][0]["lack"] == "beginning"
    assert desk.rules.asked == [(now - DAY, now, "", frozenset({"yunhe"}))]


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [(BacktestBusy(), 429, "另一次回测"), (BacktestFailed("it took too long"), 503, "回测中断")],
)
async def test_what_cannot_be_run_now_says_why(
    desk: FakeDesk, client: httpx.AsyncClient, fault: Exception, status: int, said: str
) -> None:
    """Busy and failed are told apart, by API and, in the reader's language, by page."""
    desk.rules.fault = fault
    asked = await client.post("/api/v1/rules/backtest", headers=ENGINEER, json={})
    path = "/engineer/rules/backtest?lang=zh"
    shown = await client.post(path, headers=PAGE, data={"days": "7"})
    assert (asked.status_code, shown.status_code) == (status, status)
    assert 'role="alert"' in shown.text
    assert said in shown.text


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("attr.role == supply", "<span>3</span>"),
        ("attr.purpose == supply", '<span class="high tone">0</span>'),
    ],
)
async def test_attribute_that_no_equipment_has(
    desk: FakeDesk, client: httpx.AsyncClient, where: str, said: str
) -> None:
    """A draft says for how much equipment it is before it is tried: for none is pointed out."""
    text = desk.rules.editor.text_of("pump.bearing_hot")
    data = {"text": text.replace("for: pump", f"for: pump\n  where: {where}"), "days": "1"}
    shown = await client.post("/engineer/rules/backtest", headers=PAGE, data=data)
    assert said in shown.text


async def test_a_draft_with_mistakes_comes_back_with_all_of_them(
    desk: FakeDesk, client: httpx.AsyncClient
) -> None:
    """Line and mend of each; the page keeps the text."""
    draft = "pack: mine\nrules:\n  - {id: hot, for: pomp}\n"
    asked = await client.post("/api/v1/rules/backtest", headers=ENGINEER, json={"rules": draft})
    assert asked.status_code == 422
    assert {one["where"] for one in asked.json()["errors"]} == {"rules:3"}
    data = {"days": "7", "text": draft}
    shown = await client.post("/engineer/rules/backtest", headers=PAGE, data=data)
    assert shown.status_code == 422
    assert "for: pomp" in shown.text


async def test_a_period_of_years_is_refused(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """The archive has five weeks; more is a mistake."""
    body = {"from": to_iso(desk.clock.now() - 400 * DAY)}
    asked = await client.post("/api/v1/rules/backtest", headers=ENGINEER, json=body)
    assert asked.status_code == 422
    assert desk.rules.asked == []


async def test_the_form_is_filled_with_the_rule_that_was_chosen(
    client: httpx.AsyncClient,
) -> None:
    """An engineer changes a limit in the text that is in force."""
    shown = await client.get("/engineer/rules/backtest?rule=pump.bearing_hot", headers=PAGE)
    assert "bearing_temp &gt; 95" in shown.text
    empty = await client.get("/engineer/rules/backtest?rule=no.such", headers=PAGE)
    assert empty.status_code == 200


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_result_shows_timeline_figures_and_what_differs(
    desk: FakeDesk, client: httpx.AsyncClient, language: str
) -> None:
    """Both sides, every mark, hindsight, in both languages; texts of rules are escaped."""
    desk.rules.result = result(desk)
    data = {"days": "1", "text": ""}
    path = f"/engineer/rules/backtest?lang={language}"
    shown = await client.post(path, headers=PAGE, data=data)
    assert shown.status_code == 200
    for part in ('data-compared="both"', 'data-compared="only_new"', 'data-compared="only_live"'):
        assert part in shown.text
    assert "<96>" not in shown.text
    assert ("真报警漏掉 2 条" if language == "zh" else "2 real ones missed") in shown.text
    assert shown.text.count("<rect") == 3 + 1


@pytest.mark.parametrize("role", [Role.GUARD, Role.AUDITOR])
async def test_who_does_not_write_rules_runs_no_backtests(
    client: httpx.AsyncClient, role: Role
) -> None:
    """A back-test costs the machine minutes: engineers, managers and administrators run them."""
    asked = await client.post("/api/v1/rules/backtest", headers=bearer(role.value), json={})
    assert asked.status_code == 403


@pytest.mark.parametrize(
    ("wanted", "classes", "rules"),
    [
        ("轴承", ["pump"], {"pump.bearing_hot"}),
        ("BEARING_HOT", ["pump"], {"pump.bearing_hot"}),
        ("水泵", ["pump"], {"pump.bearing_hot"}),
        ("no such thing", [], set()),
    ],
)
async def test_rule_that_cannot_be_found(wanted: str, classes: list[str], rules: set[str]) -> None:
    """By a title, an id, a class, in either language; what fires most lies on top."""
    every = read_rules(shipped(), CLASSES)
    found = shelves(every, CLASSES, {"pump.dry_running": 3}, wanted)
    assert [shelf.equipment_class.name for shelf in found][:1] == classes
    assert rules <= {rule.id for shelf in found for rule in shelf.rules}
    assert sum(len(shelf.rules) for shelf in shelves(every, CLASSES, {})) == len(every)


async def test_rules_of_linkage_are_hidden(client: httpx.AsyncClient) -> None:
    """What linkage says is listed with its urgency, shown as a text, and never offered for change."""
    listed = {
        one["id"]: one for one in (await client.get("/api/v1/rules", headers=ENGINEER)).json()
    }
    assert listed["fire_panel.confirmed"]["response"] == "immediate"
    page = (await client.get("/engineer/rules", headers=PAGE)).text
    assert "/engineer/rules/linkage.response_missing" in page
    assert "backtest?rule=linkage.response_missing" not in page
    shown = (await client.get("/engineer/rules/linkage.response_missing", headers=PAGE)).text
    assert "pack: linkage" in shown
    assert "/off" not in shown
    assert "backtest?rule=" not in shown


async def test_calendar_that_ran_out_is_hidden(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Once a rule asks for working days, the page says for which year nobody wrote them down."""
    assert "holidays.csv" not in (await client.get("/engineer/rules", headers=PAGE)).text
    text = desk.rules.editor.text_of("door.probing")
    draft = text.replace("clear_hold:", "during: workday\n  clear_hold:")
    desk.rules.editor.enable(draft, reason="because", by=Asker("x", desk.clock.now()))
    shown = (await client.get("/engineer/rules", headers=PAGE)).text
    assert "云和花园：2025 年的节假日还没填" in shown
