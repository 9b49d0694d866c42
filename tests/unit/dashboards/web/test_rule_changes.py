"""Changing rules by API and page: nobody alone, nothing unseen, nothing without a reason."""

import httpx
import pytest

from rules.editions.editor import Asker
from rules.editions.model import Trial
from tests.fakes.desk import FakeDesk
from tests.unit.dashboards.web.conftest import bearer, signed_in

pytestmark = pytest.mark.asyncio
ENGINEER, MANAGER = bearer("engineer"), bearer("manager")
PAGE = {**ENGINEER, "Accept": "text/html", "Accept-Language": "en"}
HOT, FIRE = "pump.bearing_hot", "fire_panel.first_signal"


def draft(desk: FakeDesk) -> str:
    """Return the hot bearing with another limit."""
    return desk.rules.editor.text_of(HOT).replace("bearing_temp > 95", "bearing_temp > 91")


async def test_enabled_without_a_back_test(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """422 with the reason's word until a reason comes; then it is in force, with its writer."""
    body = {"rules": draft(desk)}
    refused = await client.post("/api/v1/rules", json=body, headers=ENGINEER)
    assert (refused.status_code, refused.json()["reason"]) == (422, "needs_reason")
    made = await client.post("/api/v1/rules", json={**body, "reason": "厂家要求"}, headers=ENGINEER)
    assert made.status_code == 201
    (edition,) = made.json()
    assert (edition["rule"], edition["status"], edition["author"]) == (HOT, "in_force", "engineer")
    listed = (await client.get("/api/v1/rules", headers=ENGINEER)).json()
    assert {one["id"]: one["edition"] for one in listed}[HOT] == edition["number"]
    history = await client.get(f"/api/v1/rules/{HOT}/editions", headers=ENGINEER)
    assert history.json() == [edition]


async def test_life_safety_switched_off_by_one_person(
    desk: FakeDesk, client: httpx.AsyncClient
) -> None:
    """The rule stays in force until another person approves; its proposer is refused."""
    engineer, manager = signed_in(desk, "engineer"), signed_in(desk, "manager")
    made = await client.post(f"/api/v1/rules/{FIRE}/off", json={"reason": "x"}, headers=engineer)
    number = made.json()["number"]
    waiting = (await client.get("/api/v1/rules/proposed", headers=manager)).json()
    assert [one["number"] for one in waiting] == [number]
    way = f"/api/v1/rules/editions/{number}/decision"
    alone = await client.post(way, json={"approve": True}, headers=engineer)
    assert (alone.status_code, alone.json()["reason"]) == (403, "same_person")
    assert FIRE in desk.rules.editor.book().rules
    second = await client.post(way, json={"approve": True}, headers=manager)
    assert (second.status_code, second.json()["second"]) == (200, "manager")
    assert FIRE not in desk.rules.editor.book().rules
    again = await client.post(way, json={"approve": True}, headers=manager)
    assert again.status_code == 409


async def test_second_person_is_the_first_ones_token(
    desk: FakeDesk, client: httpx.AsyncClient
) -> None:
    """A token neither approves nor proposes what takes two; what takes one it may do."""
    off = f"/api/v1/rules/{FIRE}/off"
    by_token = await client.post(off, json={"reason": "x"}, headers=ENGINEER)
    assert (by_token.status_code, by_token.json()["reason"]) == (403, "no_person")
    assert not desk.rules.editor.proposed()
    made = await client.post(off, json={"reason": "x"}, headers=signed_in(desk, "engineer"))
    way = f"/api/v1/rules/editions/{made.json()['number']}/decision"
    approved = await client.post(way, json={"approve": True}, headers=MANAGER)
    assert (approved.status_code, approved.json()["reason"]) == (403, "no_person")
    page = f"/engineer{way.removeprefix('/api/v1')}"
    form = {"rule": FIRE, "approve": "true"}
    answer = await client.post(page, data=form, headers={**MANAGER, "Accept": "text/html"})
    assert answer.headers["location"].endswith("?refused=no_person")
    assert FIRE in desk.rules.editor.book().rules
    refused = await client.post(way, json={"approve": False}, headers=MANAGER)
    assert refused.json()["status"] == "refused"


async def test_changed_by_who_sees_some_sites(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """A rule holds everywhere: who may not see a site changes none; who sees all there are, does."""
    off, page = f"/api/v1/rules/{HOT}/off", f"/engineer/rules/{HOT}/off"
    desk.people.sites = frozenset({"elsewhere"})
    refused = await client.post(off, json={"reason": "x"}, headers=ENGINEER)
    assert (refused.status_code, refused.json()["reason"]) == (403, "other_sites")
    answer = await client.post(page, data={"reason": "x"}, headers=PAGE)
    shown = await client.get(answer.headers["location"], headers=PAGE)
    assert "Rules hold at every site" in shown.text
    assert HOT in desk.rules.editor.book().rules
    desk.people.sites = frozenset(desk.ledgers.sites)
    assert (await client.post(off, json={"reason": "x"}, headers=ENGINEER)).status_code == 200


async def test_way_back_waits_for_a_second_person(
    desk: FakeDesk, client: httpx.AsyncClient
) -> None:
    """Of a life-safety rule the proposal is the answer; of another there is none to wait for."""
    way = f"/api/v1/rules/{FIRE}"
    text = desk.rules.editor.text_of(FIRE).replace("\n  severity:", "\n  supply: true\n  severity:")
    (made,) = desk.rules.editor.enable(text, reason="x", by=Asker("guard", 1))
    desk.rules.editor.decide(made.number, approve=True, by=Asker("manager", 1))
    waits = await client.post(
        f"{way}/restore", json={"reason": "x"}, headers=signed_in(desk, "engineer")
    )
    assert (waits.status_code, waits.json()["status"]) == (200, "proposed")
    assert desk.rules.editor.book().rules[FIRE].supply
    desk.rules.editor.switch_off(HOT, reason="x", by=Asker("guard", 1))
    done = await client.post(f"/api/v1/rules/{HOT}/restore", json={"reason": "x"}, headers=ENGINEER)
    assert (done.status_code, done.json()) == (200, None)


async def test_text_with_mistakes(client: httpx.AsyncClient) -> None:
    """All mistakes are told, with their lines, and nothing changes."""
    body = {"rules": "pack: own\nrules: [{id: x, for: pomp}]", "reason": "x"}
    refused = await client.post("/api/v1/rules", json=body, headers=ENGINEER)
    assert refused.status_code == 422
    assert any("pomp" in one["detail"] for one in refused.json()["errors"])


async def test_guards_change_no_rules(client: httpx.AsyncClient) -> None:
    """A guard, and an auditor, may change nothing."""
    for role in ("guard", "auditor"):
        refused = await client.post(f"/api/v1/rules/{HOT}/off", json={}, headers=bearer(role))
        assert refused.status_code == 403


async def test_page_says_what_it_takes(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """The draft's page asks for a reason before a back-test, and shows the back-test's figures after."""
    show = f"/engineer/rules/backtest?rule={HOT}"
    assert "Bring it into force" in (await client.get(show, headers=PAGE)).text
    text = draft(desk)
    form = {"text": text, "days": "7"}
    refused = await client.post("/engineer/rules/enable", data=form, headers=PAGE)
    assert refused.status_code == 422
    assert "Run the back-test of exactly this text first" in refused.text
    assert "not back-tested yet" in refused.text
    now = desk.clock.now()
    trial = Trial(at=now, start=now - 1, end=now, alarms=41, walks=13)
    desk.rules.editor.note_trial(text, trial)
    done = await client.post("/engineer/rules/enable", data=form, headers=PAGE)
    assert (done.status_code, done.headers["location"]) == (303, f"/engineer/rules/{HOT}")
    page = (await client.get(f"/engineer/rules/{HOT}", headers=PAGE)).text
    assert "41 alarms, 13 walks" in page
    assert '<span class="plus">+  when: bearing_temp &gt; 91</span>' in page
    older = await client.get("/engineer/rules", headers=PAGE)
    assert "changed by" in older.text


async def test_way_back_on_the_page(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Switching off and restoring leave the rule as shipped, and say why they were refused."""
    way = f"/engineer/rules/{HOT}"
    await client.post(f"{way}/off", data={"reason": "停运"}, headers=PAGE)
    assert "switched off" in (await client.get(way, headers=PAGE)).text
    await client.post(f"{way}/restore", data={"reason": "恢复"}, headers=PAGE)
    assert HOT in desk.rules.editor.book().rules
    refused = await client.post(f"{way}/restore", data={"reason": "again"}, headers=PAGE)
    assert refused.headers["location"] == f"{way}?refused=unchanged"
    assert (
        "Nothing was changed" in (await client.get(refused.headers["location"], headers=PAGE)).text
    )
    assert (await client.get("/engineer/rules/no.such", headers=PAGE)).status_code == 404


async def test_form_begins_with_a_point_that_has_a_limit(client: httpx.AsyncClient) -> None:
    """Not with "online is above": a point with figures, with the name that titles want."""
    shown = await client.get("/engineer/rules/new?chosen=pump", headers=PAGE)
    assert '<option value="frequency" selected>' in shown.text
    assert "{frequency} shows that point" in shown.text
    chosen = await client.get("/engineer/rules/new", headers=PAGE)
    assert '<option value="pump">' in chosen.text
    assert '<option value="gengfu">' not in chosen.text  # the watch itself


async def test_form_writes_the_rule(client: httpx.AsyncClient) -> None:
    """The form's answers become YAML in the back-test's form; mistakes are said, answers kept."""
    form = {
        "equipment_class": "pump",
        "id": "bearing_warm",
        "trigger": "point",
        "point": "bearing_temp",
        "comparison": ">",
        "value": "80",
        "clear_value": "75",
        "hold": "5m",
        "title_zh": "轴承偏热",
        "title_en": "Bearing warm",
    }
    made = await client.post("/engineer/rules/new", data=form, headers=PAGE)
    assert made.status_code == 200
    assert "when: bearing_temp &gt; 80" in made.text
    assert "clear: bearing_temp &lt; 75" in made.text
    wrong = await client.post("/engineer/rules/new", data={**form, "value": "hot"}, headers=PAGE)
    assert wrong.status_code == 422
    assert 'value="Bearing warm"' in wrong.text
    assert 'value="hot" list="words" aria-invalid="true"' in wrong.text
    assert "when: bearing_temp" not in wrong.text  # who fills a form is not sent to YAML


async def test_form_with_answers_to_mend(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """An empty window, no duration, a name that is taken: each is said beside its field."""
    form = {
        "equipment_class": "pump",
        "id": "bearing_warm",
        "point": "bearing_temp",
        "measure": "average",
        "value": "80",
        "hold": "five minutes",
        "response": "",
        "severity_guarded": "",
        "during": "",
        "title_zh": "轴承偏热",
        "title_en": "Bearing warm",
    }
    answer = await client.post("/engineer/rules/new", data=form, headers=PAGE)
    assert answer.status_code == 422
    assert answer.text.count('class="wrong"') == 2
    assert 'value="five minutes" aria-invalid="true"' in answer.text
    mended = {**form, "window": "5m", "hold": "5m", "during": "guarded", "hours": "22:00-06:00"}
    made = await client.post("/engineer/rules/new", data=mended, headers=PAGE)
    assert "avg(bearing_temp, 5m) &gt; 80" in made.text
    text = draft(desk).replace("pack: pump", "pack: own").replace("bearing_hot", "bearing_warm")
    desk.rules.editor.enable(text, reason="because", by=Asker("x", desk.clock.now()))
    again = await client.post("/engineer/rules/new", data=mended, headers=PAGE)
    assert again.text.count('class="wrong"') == 1


async def test_buttons_that_only_refuse(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Who sees some sites reads and back-tests, and reads why instead of buttons that change rules."""
    paths = ("/engineer/rules", f"/engineer/rules/{HOT}", f"/engineer/rules/backtest?rule={HOT}")
    changing = ("/engineer/rules/new", f"{HOT}/off", "/engineer/rules/enable")
    for path, way in zip(paths, changing, strict=True):
        desk.people.sites = None
        whole = (await client.get(path, headers=PAGE)).text
        assert way in whole
        assert "data-others-rules" not in whole
        desk.people.sites = frozenset({"yunhe"}) - {next(iter(desk.ledgers.sites))}
        limited = (await client.get(path, headers=PAGE)).text
        assert way not in limited
        assert "who changes them has to see all of them" in limited
        assert "/engineer/rules/backtest" in limited
