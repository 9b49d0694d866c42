"""The application over hand-made ports, and a client that speaks to it in the same process."""

from collections.abc import AsyncIterator

import httpx
import pytest

from dashboards.web.app import build_app
from tests.fakes.desk import PASSWORD, FakeDesk


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
async def client(desk: FakeDesk) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=build_app(desk.ports()), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as made:
        yield made


def bearer(role: str) -> dict[str, str]:
    return {"Authorization": f"Bearer token-{role}"}


def signed_in(desk: FakeDesk, role: str) -> dict[str, str]:
    """Return the header of a person's session: what a token may not, he may."""
    session = desk.people.sign_in(role, PASSWORD, address="", at=0)
    return {"Cookie": f"gengfu={session}"}
