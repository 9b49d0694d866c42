"""A server that answers late: what it says in the end is heard and shown all the same."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.fakes.desk import FakeDesk
from tests.integration.browsers import opened
from tests.integration.dashboards.conftest import enter

SEEN_AGAIN = "document.dispatchEvent(new Event('visibilitychange')) && null"
"""For the page a reason to look for news."""


@pytest.fixture
def guard(browser: Browser, desk: FakeDesk, address: str) -> Iterator[Page]:
    """A guard's phone on which time passes only when the test says so, not on any page yet."""
    with opened(browser, 360, "zh-CN") as page:
        enter(page, desk, address, "guard")
        page.clock.install()
        page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
        yield page


def _hold(page: Page, pattern: str) -> list[Route]:
    """Answer no request of a pattern; they come into the list."""
    held: list[Route] = []
    page.route(pattern, lambda one: held.append(one))  # noqa: PLW0108 – playwright marks what it calls
    return held


def test_a_server_too_slow_to_be_heard(guard: Page, address: str) -> None:
    """A line in vain is given longer the next time: one whose first word takes 15 s is heard."""
    held = _hold(guard, "**/alerts/stream*")
    with guard.expect_request("**/alerts/stream*"):
        guard.goto(f"{address}/guard")
    with guard.expect_request("**/alerts/stream*"):
        guard.clock.run_for(12_000)
    expect(guard.locator("[data-lost]")).to_be_visible()
    guard.clock.run_for(15_000)
    assert len(held) == 2
    held[1].continue_()
    guard.clock.resume()
    expect(guard.locator("[data-lost]")).to_be_hidden()


def test_a_server_too_slow_to_be_seen(guard: Page, address: str) -> None:
    """A look that was given up is given longer the next time, though news never cease."""
    guard.goto(f"{address}/guard")
    held = _hold(guard, "**/guard")
    guard.evaluate("document.querySelector('#live').dataset.old = 'yes'")
    for milliseconds in (1_000, 6_000):
        guard.evaluate(SEEN_AGAIN)
        with guard.expect_request("**/guard"):
            guard.clock.run_for(milliseconds)
    guard.evaluate(SEEN_AGAIN)
    guard.clock.run_for(8_000)
    assert len(held) == 2
    held[1].continue_()
    expect(guard.locator("#live[data-old]")).to_have_count(0)
