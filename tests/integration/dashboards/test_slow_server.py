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
BEAT = '{"now": 0, "watched": true}'
OTHER_TAB = """data => new Promise(heard => {
    const [mouth, ear] = [0, 1].map(() => new BroadcastChannel("gengfu:line"));
    ear.onmessage = () => heard();
    mouth.postMessage({ kind: "beat", id: "1", data });
})"""
"""A beat on the line that all tabs share, which another one holds; the page has heard it then."""


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


def _await(page: Page, held: list[Route], count: int) -> None:
    """Wait until so many requests are held."""
    while len(held) < count:
        page.wait_for_timeout(50)


def test_a_server_too_slow_to_be_heard(guard: Page, address: str) -> None:
    """A line in vain is given longer the next time: one whose first word takes 15 s is heard."""
    lines = _hold(guard, "**/alerts/stream*")
    guard.goto(f"{address}/guard")
    _await(guard, lines, 1)
    guard.clock.run_for(12_000)
    _await(guard, lines, 2)
    expect(guard.locator("[data-lost]")).to_be_visible()
    guard.clock.run_for(15_000)
    assert len(lines) == 2
    lines[1].continue_()
    guard.clock.resume()
    expect(guard.locator("[data-lost]")).to_be_hidden()


def _look_twice(guard: Page, address: str, lines: list[Route]) -> list[Route]:
    """Let a page with a living line look twice, in vain; the second look is given ten seconds."""
    guard.goto(f"{address}/guard")
    _await(guard, lines, 1)
    guard.evaluate(OTHER_TAB, BEAT)
    guard.evaluate("document.querySelector('#live').dataset.old = 'yes'")
    looks = _hold(guard, "**/guard")
    for number, milliseconds in enumerate((1_000, 6_000), 1):
        guard.evaluate(SEEN_AGAIN)
        guard.clock.run_for(milliseconds)
        _await(guard, looks, number)
    return looks


def test_a_server_too_slow_to_be_seen(guard: Page, address: str) -> None:
    """A look that was given up is given longer the next time, though news never cease and the line pauses."""
    looks = _look_twice(guard, address, _hold(guard, "**/alerts/stream*"))
    guard.evaluate(OTHER_TAB, BEAT)
    guard.evaluate(SEEN_AGAIN)
    guard.clock.run_for(8_000)
    assert len(looks) == 2
    looks[1].continue_()
    expect(guard.locator("#live[data-old]")).to_have_count(0)


def test_a_look_that_hangs_on_a_dead_line(guard: Page, address: str) -> None:
    """When the line is back, the page is looked at anew at once, however patient it had become."""
    lines = _hold(guard, "**/alerts/stream*")
    looks = _look_twice(guard, address, lines)
    guard.clock.run_for(4_000)
    _await(guard, lines, 2)
    with guard.expect_request("**/api/v1/me"):  # what it asks when a line ends, its beat was heard
        lines[1].fulfill(
            content_type="text/event-stream", body=f"id: 1\nevent: beat\ndata: {BEAT}\n\n"
        )
    guard.clock.run_for(1_000)
    _await(guard, looks, 3)
