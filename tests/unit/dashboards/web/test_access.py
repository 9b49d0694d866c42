"""Signing in and out, foreign writes, headers."""

import httpx
import pytest

from tests.fakes.alerts import sample_alert
from tests.fakes.desk import PASSWORD, FakeDesk
from tests.unit.dashboards.web.conftest import bearer

pytestmark = pytest.mark.asyncio
GUARD = {"login": "guard", "password": PASSWORD}


async def test_a_session_that_a_script_could_read(client: httpx.AsyncClient) -> None:
    """A sign-in gives an HttpOnly, SameSite cookie; over TLS it is Secure and bound to the host."""
    plain = await client.post("/api/v1/login", json=GUARD)
    assert plain.json()["roles"] == ["guard"]
    cookie = plain.headers["set-cookie"].lower()
    assert cookie.startswith("gengfu=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    secure = await client.post("https://desk/api/v1/login", json=GUARD)
    assert secure.headers["set-cookie"].startswith("__Host-gengfu=")
    assert "Secure" in secure.headers["set-cookie"]
    assert (await client.get("/api/v1/me")).json()["id"] == "guard"


@pytest.mark.parametrize(
    "body",
    [{**GUARD, "password": "wrong"}, {**GUARD, "login": "nobody"}],
    ids=["password", "login"],
)
async def test_an_answer_that_tells_which_was_wrong(
    client: httpx.AsyncClient, body: dict[str, str]
) -> None:
    """A wrong password and an unknown login get the same answer."""
    answer = await client.post("/api/v1/login", json=body)
    assert answer.status_code == 401
    assert answer.json()["detail"] == "login and password do not fit"


async def test_a_right_password_called_wrong(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Who tries too often is told to wait and how long, the same for a login that does not exist."""
    desk.people.waits = 12_300_000
    for login in ("guard", "nobody"):
        answer = await client.post("/api/v1/login", json={**GUARD, "login": login})
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "13")
        assert answer.json()["detail"] == "too many tries: wait 13 s"
    told = await client.post("/login", data=GUARD, headers={"Accept-Language": "zh"})
    assert told.status_code == 429
    assert "试得太多，请 13 秒后再试" in told.text
    desk.people.waits = 0
    assert (await client.post("/api/v1/login", json=GUARD)).status_code == 200


async def test_a_session_after_its_end(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """After a sign-out the next request with the old cookie is refused."""
    await client.post("/api/v1/login", json=GUARD)
    old = dict(client.cookies)
    assert (await client.post("/api/v1/logout")).status_code == 204
    client.cookies.update(old)
    assert (await client.get("/api/v1/me")).status_code == 401
    assert desk.people.sessions == {}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://desk"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://desk"}, 200),
        ({}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://desk.evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://desk"}, 403),
        ({"Origin": "http://evil.example", **bearer("guard")}, 200),
        ({"Origin": "http://evil.example", "Authorization": "Basic dTpw"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer "}, 403),
    ],
)
async def test_a_write_that_another_site_made_the_browser_send(
    desk: FakeDesk, client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    """A cookie's write from a foreign page is refused; an API token's is not a browser's."""
    desk.alerts.put(sample_alert(), "opened")
    await client.post("/api/v1/login", json=GUARD)
    answer = await client.post("/api/v1/alerts/a-1/acknowledge", json={}, headers=headers)
    assert answer.status_code == status


async def test_the_one_time_token(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """The set-up token makes one administrator; a weak password says why; used up it is refused."""
    desk.people.setup_token = "once"
    page = await client.get("/login", headers={"Accept": "text/html"})
    assert page.headers["location"] == "/setup"
    body = {"token": "once", "login": "admin", "password": "short"}
    weak = await client.post("/api/v1/setup", json=body)
    assert (weak.status_code, "12 characters" in weak.json()["detail"]) == (422, True)
    body["password"] = PASSWORD
    assert (await client.post("/api/v1/setup", json=body)).status_code == 204
    assert (await client.post("/api/v1/setup", json=body)).status_code == 403


async def test_a_setup_refused_in_ones_own_language(
    desk: FakeDesk, client: httpx.AsyncClient
) -> None:
    """Who made a mistake at the first form reads why in Chinese; odd input is shown, not formatted."""
    desk.people.setup_token = "once"
    form = {"token": "wrong", "login": "admin", "password": PASSWORD}
    html = (await client.post("/setup?lang=zh", data=form)).text
    assert "一次性令牌不对" in html
    strange = {"token": "once", "login": "100%s", "password": "short"}
    assert (await client.post("/setup?lang=zh", data=strange)).status_code == 422


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil", "/a\nb"])
async def test_a_sign_in_that_leads_elsewhere(client: httpx.AsyncClient, target: str) -> None:
    """Where one goes on to after signing in is always a page of ours."""
    answer = await client.post("/login", data={**GUARD, "next": target})
    assert answer.headers["location"] == "/"


async def test_a_page_without_a_session(client: httpx.AsyncClient) -> None:
    """A browser is sent to sign in and back; a program gets a problem document."""
    page = await client.get("/alerts?state=all", headers={"Accept": "text/html"})
    assert page.status_code == 303
    assert page.headers["location"] == "/login?next=/alerts%3Fstate%3Dall"
    program = await client.get("/api/v1/sites", headers={"Accept": "text/html"})
    assert program.status_code == 401
    assert program.headers["content-type"] == "application/problem+json"


async def test_a_script_that_puts_the_sign_in_into_a_page(client: httpx.AsyncClient) -> None:
    """A session that ended leads the whole page to the sign-in and back; a tap is said to be lost."""
    at = {"HX-Request": "true", "HX-Current-URL": "http://desk/alerts/a-1?lines=all"}
    look = await client.get("/waiting", headers=at)
    assert (look.status_code, look.text) == (401, "")
    assert look.headers["hx-redirect"] == "/login?next=/alerts/a-1%3Flines%3Dall"
    tap = await client.post("/alerts/a-1/acknowledge", data={"key": "k"}, headers=at)
    assert tap.headers["hx-redirect"] == "/login?next=/alerts/a-1%3Frefused%3Dsigned_out"
    plain = {"Accept": "text/html", "Referer": "http://desk/guard"}
    sent = await client.post("/alerts/a-1/acknowledge", data={"key": "k"}, headers=plain)
    assert sent.headers["location"] == "/login?next=/guard%3Frefused%3Dsigned_out"


async def test_a_tap_after_the_session_ended(client: httpx.AsyncClient) -> None:
    """Signed in again, the page says that the tap before was not sent."""
    await client.post("/login", data=GUARD)
    html = (await client.get("/guard?refused=signed_out&lang=zh")).text
    assert "没有送出：登录已失效" in html


@pytest.mark.parametrize("path", ["/login", "/api/v1/sites", "/nowhere", "/static/css/base.css"])
async def test_an_answer_without_security_headers(client: httpx.AsyncClient, path: str) -> None:
    """Every answer forbids what we did not mean; no script or style may stand inside a page."""
    headers = (await client.get(path)).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")
