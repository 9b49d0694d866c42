"""A browser, and the desk's pages over hand-made ports on a real socket."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from dashboards.web.app import build_app
from tests.fakes.alerts import sample_alert
from tests.fakes.desk import PASSWORD, FakeDesk
from tests.integration.browsers import chromium
from tests.integration.services import free_port, wait_for


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@contextmanager
def served(desk: FakeDesk) -> Iterator[str]:
    """Serve a desk until the block ends; its address."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(build_app(desk.ports()), port=port, log_level="error"))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_for("the desk", lambda: server.started)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def enter(page: Page, desk: FakeDesk, address: str, role: str) -> None:
    """Sign somebody in."""
    session = desk.people.sign_in(role, PASSWORD, address="", at=0)
    assert session is not None
    page.context.add_cookies([{"name": "gengfu", "value": session, "url": address}])


@pytest.fixture
def desk() -> FakeDesk:
    """A desk with one alert, a suspected entrapment."""
    made = FakeDesk()
    made.alerts.put(sample_alert("entrapment", opened_at=made.clock.now()), "opened")
    return made


@pytest.fixture
def address(desk: FakeDesk) -> Iterator[str]:
    with served(desk) as made:
        yield made
