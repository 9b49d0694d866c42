"""The alerts of the API: lists, steps, reports, problem documents."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from alerts.door import CoreHasNoRoom, CoreUnavailable
from alerts.model import Handling
from dashboards.web.api.times import read_span, read_time
from dashboards.web.ports import Visitor
from dashboards.web.problems import MEDIA_TYPE, Problem
from gengfu.core.clock import to_iso
from gengfu.core.urgency import Kind, Severity
from gengfu.people.roles import Role
from tests.fakes.alerts import sample_alert
from tests.fakes.desk import PASSWORD, FakeDesk, FakePeople
from tests.unit.dashboards.web.conftest import bearer

pytestmark = pytest.mark.asyncio
GUARD = bearer("guard")
WAY = ["receive", "acknowledge", "en-route", "arrive", "verdict", "reset", "close"]


async def test_the_whole_way_of_an_alert(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Receive to close by the API, each step one version on, all of it in the timeline."""
    desk.alerts.put(sample_alert(), "opened")
    for version, step in enumerate(WAY, start=2):
        body = {"verdict": "real", "cause": "停电"} if step == "verdict" else {}
        answer = await client.post(f"/api/v1/alerts/a-1/{step}", json=body, headers=GUARD)
        assert (answer.status_code, answer.json()["version"]) == (200, version)
    closed = (await client.get("/api/v1/alerts/a-1", headers=GUARD)).json()
    assert (closed["handling"], closed["verdict"], closed["assignee"]) == (
        "closed",
        "real",
        "guard",
    )
    assert [line["what"] for line in closed["timeline"]] == ["opened", *WAY]


async def test_a_step_that_does_not_fit(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """An illegal step is a 409 with its reason and the alert as it stands, and changes nothing."""
    desk.alerts.put(sample_alert(), "opened")
    answer = await client.post("/api/v1/alerts/a-1/close", json={"verdict": "false"}, headers=GUARD)
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (409, MEDIA_TYPE)
    assert problem["reason"] == "needs_person_on_site"
    assert (problem["current"]["handling"], problem["current"]["version"]) == ("new", 1)
    assert desk.alerts.held["a-1"].version == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/v1/alerts/none", None, 404),
        ("GET", "/api/v1/nowhere", None, 404),
        ("PATCH", "/api/v1/alerts", None, 405),
        ("GET", "/api/v1/alerts?severity=purple", None, 422),
        ("GET", "/api/v1/alerts?cursor=x", None, 422),
        ("GET", "/api/v1/alerts?from=yesterday", None, 422),
        ("GET", "/api/v1/alerts?colour=red", None, 422),
        ("GET", "/api/v1/alerts?from=2026-11-20T00:00:00", None, 422),
        ("POST", "/api/v1/alerts/none/acknowledge", {}, 404),
        ("POST", "/api/v1/alerts/a-1/dance", {}, 422),
        ("POST", "/api/v1/alerts/a-1/verdict", {"verdict": "maybe"}, 422),
        ("POST", "/api/v1/alerts/a-1/comment", {"note": "x" * 2001}, 422),
        ("POST", "/api/v1/alerts/a-1/comment", {"nose": "x"}, 422),
        ("POST", "/api/v1/alerts", {"kind": "security", "text": "…"}, 422),
        ("POST", "/api/v1/alerts", {"kind": "security", "text": "…", "place": "moon"}, 422),
        ("POST", "/api/v1/alerts/a-1/comment", {"note": "x" * 70_000}, 413),
    ],
)
async def test_a_request_that_cannot_be_done(
    desk: FakeDesk,
    client: httpx.AsyncClient,
    method: str,
    path: str,
    body: dict[str, str] | None,
    status: int,
) -> None:
    """Whatever is wrong is an RFC 9457 document that says what, and changes nothing."""
    desk.alerts.put(sample_alert(), "opened")
    answer = await client.request(method, path, json=body, headers=GUARD)
    assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA_TYPE)
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"]
    assert problem["instance"] == path.partition("?")[0]
    assert len(desk.alerts.made) == 1


async def test_handed_to_who_cannot_see_it(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """An alert goes only to who sees its site and may handle it; others are neither listed nor taken."""
    desk.alerts.put(sample_alert(), "opened")
    own = [account_of("g2", "Zhang"), account_of("g3", "Li", sites=frozenset({"elsewhere"}))]
    desk.people.others = [*own, account_of("g4", "Wang", Role.AUDITOR)]
    headers = {**GUARD, "Accept": "text/html", "Accept-Language": "en"}
    page = (await client.get("/alerts/a-1", headers=headers)).text
    offered = page.partition('name="assignee"')[2].partition("</select>")[0]
    assert [name for name in ("Zhang", "Li", "Wang") if name in offered] == ["Zhang"]
    for assignee, status in (("g2", 200), ("g3", 422), ("g4", 422), ("gone", 422)):
        path = "/api/v1/alerts/a-1/assign"
        answer = await client.post(path, json={"assignee": assignee}, headers=GUARD)
        assert answer.status_code == status, assignee
        if status == 422:
            assert answer.json()["errors"][0]["where"] == "body.assignee"


def account_of(
    id_: str, name: str, role: Role = Role.GUARD, sites: frozenset[str] | None = None
) -> Visitor:
    return Visitor(id=id_, name=name, roles=frozenset({role}), sites=sites)


async def test_a_body_without_a_length(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """What arrives in pieces without saying how much is stopped at the same limit."""
    desk.alerts.put(sample_alert(), "opened")

    async def endless() -> AsyncIterator[bytes]:
        yield b'{"note": "'
        for _ in range(200):
            yield b"x" * 1000

    headers = GUARD | {"Content-Type": "application/json"}
    path = "/api/v1/alerts/a-1/comment"
    answer = await client.post(path, content=endless(), headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (413, MEDIA_TYPE)


async def test_core_that_does_not_answer(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """While core is away a step is a 503 that says to send it again."""
    desk.alerts.put(sample_alert(), "opened")
    desk.alerts.away = CoreUnavailable("core does not answer")
    answer = await client.post("/api/v1/alerts/a-1/receive", json={}, headers=GUARD)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


@contextlib.contextmanager
def disk_says(words: str) -> Iterator[None]:
    """Let the database refuse to keep a session."""

    def sign_in(*_: object, **__: object) -> str:
        raise OperationalError("insert", {}, Exception(words))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FakePeople, "sign_in", sign_in)
        yield


async def test_a_full_disk_is_a_defect(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """A step, and a sign-in, on a full disk: 507, nothing done, and done when there is room again."""
    desk.alerts.put(sample_alert(), "opened")
    desk.alerts.away = CoreHasNoRoom("core's disk is full")
    sign_in = {"login": "guard", "password": PASSWORD}
    act = partial(client.post, "/api/v1/alerts/a-1/acknowledge", headers=GUARD)
    with disk_says("database or disk is full"):
        login = await client.post("/api/v1/login", json=sign_in)
        page = await client.post("/login", data=sign_in, headers={"Accept": "text/html"})
    answers = [await act(json={"idempotency_key": "k"}), login]
    assert {(one.status_code, one.headers["retry-after"]) for one in answers} == {(507, "10")}
    tap = await client.post(
        "/alerts/a-1/acknowledge", data={"key": "k"}, headers=GUARD | {"HX-Request": "true"}
    )
    assert {(one.status_code, "<h2>磁盘已满" in one.text) for one in (page, tap)} == {(507, True)}
    assert desk.alerts.held["a-1"].version == 1

    desk.alerts.away = None
    assert (await act(json={"idempotency_key": "k"})).json()["version"] == 2
    assert (await client.post("/api/v1/login", json=sign_in)).status_code == 200


async def test_a_broken_disk_is_a_full_one(client: httpx.AsyncClient) -> None:
    """Whatever else a database says is our defect, and is logged as one."""
    with disk_says("disk I/O error"):
        answer = await client.post("/api/v1/login", json={"login": "guard", "password": PASSWORD})
    assert answer.status_code == 500


async def test_lists_are_filtered_and_paged(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Filters narrow, the cursor leads through every page exactly once."""
    for n in range(7):
        alert = sample_alert(f"a-{n}", opened_at=n)
        desk.alerts.put(
            replace(alert, severity=Severity.LOW if n % 2 else alert.severity), "opened"
        )
    desk.alerts.put(sample_alert("a-9", handling=Handling.CLOSED, kind=Kind.SECURITY), "close")

    async def ids(query: str) -> list[str]:
        seen, cursor = [], ""
        while True:
            page = (await client.get(f"/api/v1/alerts?{query}{cursor}", headers=GUARD)).json()
            seen += [alert["id"] for alert in page["alerts"]]
            if page["cursor"] is None:
                return seen
            cursor = f"&cursor={page['cursor']}"

    assert sorted(await ids("limit=2")) == [f"a-{n}" for n in range(7)]
    assert len(await ids("state=all&limit=3")) == 8
    assert sorted(await ids("severity=low")) == ["a-1", "a-3", "a-5"]
    assert await ids("state=all&kind=security") == ["a-9"]
    assert await ids("site=elsewhere") == []


async def test_what_belongs_to_another_site(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Alerts and equipment of a site that somebody may not see do not exist for him."""
    desk.alerts.put(sample_alert(), "opened")
    desk.people.sites = frozenset({"elsewhere"})
    for path in ("/alerts", "/alerts?site=yunhe", "/sites", "/equipment"):
        body = (await client.get(f"/api/v1{path}", headers=GUARD)).json()
        assert body in ([], {"alerts": [], "cursor": None})
    for path in ("/alerts/a-1", "/equipment/lift-b1-u1-left"):
        assert (await client.get(f"/api/v1{path}", headers=GUARD)).status_code == 404
    step = await client.post("/api/v1/alerts/a-1/receive", json={}, headers=GUARD)
    assert step.status_code == 404


async def test_a_report_by_a_person(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """A phoned alarm opens an alert of the site that the place or equipment belongs to."""
    body = {"equipment": "lift-b1-u1-left", "kind": "life_safety", "text": "业主来电：电梯里有人"}
    answer = await client.post("/api/v1/alerts", json=body, headers=GUARD)
    assert answer.status_code == 201
    assert (answer.json()["site"], answer.json()["source"]) == ("yunhe", "person")


async def test_a_report_goes_to_the_wrong_site(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """A place that several of one's sites have is reported with its site, or not at all."""
    ledger = desk.ledgers.sites["yunhe"]
    other = replace(ledger, site=replace(ledger.site, id="zhonghe"), equipment={})
    desk.ledgers.others = {"zhonghe": other}
    body = {"place": next(iter(ledger.places)), "kind": "life_safety", "text": "smoke"}
    problem = await client.post("/api/v1/alerts", json=body, headers=GUARD)
    assert (problem.status_code, problem.json()["errors"][0]["where"]) == (422, "body.site")
    assert desk.alerts.held == {}
    for site in ("yunhe", "zhonghe"):
        answer = await client.post("/api/v1/alerts", json=body | {"site": site}, headers=GUARD)
        assert (answer.status_code, answer.json()["site"]) == (201, site)
    desk.people.sites = frozenset({"zhonghe"})
    answer = await client.post("/api/v1/alerts", json=body, headers=GUARD)
    assert answer.json()["site"] == "zhonghe"


@given(st.integers(0, 253_402_300_799_000))
async def test_a_time_read_otherwise_than_written(ms: int) -> None:
    """A time is the same read as milliseconds and as the ISO text the interface writes."""
    assert read_time(str(ms), "query.from") == ms * 1000
    assert read_time(to_iso(ms * 1000), "query.from") == ms * 1000


@given(st.text(max_size=30))
async def test_any_text_as_time_or_span(text: str) -> None:
    """Any text is a time, a span or a problem, and never another error."""
    for read in (read_time, read_span):
        with contextlib.suppress(Problem):
            assert isinstance(read(text, "query.x"), int)
