"""One table of route × role, deny by default (promise P16)."""

import re
from collections.abc import Iterator

import httpx
import pytest

from dashboards.web import pages
from dashboards.web.app import build_app
from dashboards.web.permissions import PUBLIC, TABLE, may
from gengfu.people.roles import Role
from tests.fakes.alerts import sample_alert
from tests.fakes.desk import FakeDesk
from tests.unit.dashboards.web.conftest import bearer

pytestmark = pytest.mark.asyncio


def _routes() -> set[tuple[str, str]]:
    app = build_app(FakeDesk().ports())
    api = {
        (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    shown = {
        (method, context.path)
        for part in pages.PARTS
        for context in part.router.routes
        for method in context.methods
    }
    return api | shown | {("GET", "/api/v1/openapi.json")}


async def test_a_route_without_a_row() -> None:
    """Every route of the application is in the table, and the table has no other."""
    assert _routes() == set(TABLE)


async def test_an_unknown_route_is_refused() -> None:
    """What is not in the table is allowed to nobody."""
    assert not any(may(frozenset(Role), "GET", path) for path in ("/new", "/api/v1/secrets"))


def _calls() -> Iterator[tuple[str, str, str]]:
    for method, path in sorted(TABLE):
        real = re.sub(r"\{alert_id\}", "a-1", path)
        real = real.replace("{step}", "comment").replace("{equipment_id}", "lift-b1-u1-left")
        yield method, path, real


async def test_nobody_and_every_role_against_every_route(
    desk: FakeDesk, client: httpx.AsyncClient
) -> None:
    """A route lets in exactly whom its row names; without a credential only what is public."""
    desk.alerts.put(sample_alert(), "opened")
    for method, template, path in _calls():
        if path.endswith("/stream"):
            continue
        allowed = TABLE[method, template]
        anonymous = await client.request(method, path)
        sent_away = anonymous.status_code == 401 and "www-authenticate" in anonymous.headers
        assert sent_away == (allowed is not PUBLIC), (method, path)
        for role in Role:
            answer = await client.request(method, path, headers=bearer(role))
            let_in = allowed is PUBLIC or role in allowed
            assert (answer.status_code != 403) == let_in, (method, path, role)
            assert answer.status_code < 500, (method, path, role)
