"""Pages that stay true while people use them, in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FloatRect, Page, Route, expect

from gengfu.core.urgency import Kind, Response, Severity
from tests.fakes.alerts import sample_alert
from tests.fakes.desk import FakeDesk
from tests.integration.browsers import PHONE, opened, uncomplaining
from tests.integration.dashboards.conftest import enter

RESTED = """() => new MutationObserver(() => {
    window.rested ||= !!document.querySelector("[data-primary='en-route'][aria-disabled]");
}).observe(document, { subtree: true, childList: true, attributes: true })"""
"""Notes that the next button rested for a moment: half a second, which who looks may miss."""
NEWS = "document.body.dispatchEvent(new CustomEvent('gengfu:changed')) && null"


@pytest.fixture
def guard(browser: Browser, desk: FakeDesk, address: str) -> Iterator[Page]:
    """The guard's page with an alert on it."""
    with opened(browser, PHONE["width"], "zh-CN") as page, uncomplaining(page):
        enter(page, desk, address, "guard")
        page.goto(f"{address}/guard")
        page.locator("article[data-alert]").first.wait_for()
        yield page


def _fire(desk: FakeDesk) -> str:
    return _put(desk, kind=Kind.LIFE_SAFETY, severity=Severity.CRITICAL, priority=1)


def _security(desk: FakeDesk) -> str:
    return _put(desk, kind=Kind.SECURITY, severity=Severity.HIGH, priority=4)


def _work(desk: FakeDesk) -> str:
    return _put(desk, kind=Kind.MAINTENANCE, severity=Severity.LOW, priority=8)


def _put(desk: FakeDesk, **changes: object) -> str:
    """Open an alert whose handling ends with the guard: nobody is trapped and nothing latched."""
    name = f"a-{len(desk.alerts.held)}"
    alert = sample_alert(
        name,
        opened_at=desk.clock.now(),
        response=Response.PROMPT,
        latched=False,
        advice=(),
        values={},
        **changes,
    )
    return desk.alerts.put(alert, "opened").id


def _open(page: Page, alert: str) -> None:
    page.goto(re.sub(r"(//[^/]+).*", rf"\1/alerts/{alert}", page.url))
    page.locator("[data-primary]").wait_for()


def _spot(page: Page) -> FloatRect:
    """Where the button is: while one looks, news may put another one in its place."""
    while (spot := page.locator("[data-primary]").bounding_box()) is None:
        pass
    return spot


def _never_answer(_asked: Route) -> None:
    """Leave a request as a line does that died unnoticed."""


def test_a_fire_behind_an_unfolded_card(guard: Page, desk: FakeDesk) -> None:
    """A fire is shown at once, whatever is unfolded; what was typed stays, and stays unfolded."""
    more = guard.locator("#live details.more").first
    more.locator("> summary").click()
    more.locator("textarea[name=note]").fill("写到一半")
    shown = guard.locator("article[data-alert]").first.get_attribute("data-alert") or ""
    fire = _fire(desk)
    guard.locator(f"#live [data-alert='{fire}']").wait_for()
    if guard.locator(f"article[data-alert='{shown}']").count() == 0:
        _open(guard, shown)
    assert more.locator("textarea[name=note]").input_value() == "写到一半"


def test_a_fire_while_another_alert_is_open(guard: Page, desk: FakeDesk) -> None:
    """On an alert's own page what is graver stands above it, also when one has scrolled."""
    _open(guard, _work(desk))
    _fire(desk)
    guard.locator("[data-waiting]").wait_for()
    guard.evaluate("document.querySelector('main').style.minHeight = '3000px'")
    guard.evaluate("scrollTo(0, 900)")
    expect(guard.locator("[data-waiting]")).to_be_in_viewport()


def test_a_button_that_runs_away(guard: Page, desk: FakeDesk) -> None:
    """On a phone the button stays under the thumb when something is said above it."""
    _open(guard, _work(desk))
    guard.evaluate("document.querySelector('#waiting').replaceChildren()")
    spot = _spot(guard)
    guard.evaluate("document.querySelector('#waiting').innerHTML = '<a>one more</a>'")
    assert _spot(guard) == spot


def test_impatient_taps(guard: Page, desk: FakeDesk) -> None:
    """Many taps on one spot take one step: the next one wants a tap of its own."""
    alert = _security(desk)
    _open(guard, alert)
    taps: list[str] = []
    guard.on("request", lambda sent: taps.append(sent.url) if sent.method == "POST" else None)
    spot = _spot(guard)
    guard.mouse.click(spot["x"] + 40, spot["y"] + 20, click_count=12, delay=150)
    following = guard.locator("[data-primary='en-route']:not([aria-disabled])")
    expect(following).to_be_visible()
    guard.evaluate(RESTED)
    guard.mouse.down(click_count=13)  # a slow phone may have taken long to hear of it
    guard.mouse.up(click_count=13)
    guard.wait_for_function("() => window.rested")
    expect(following).to_be_visible()
    assert [tap.rpartition("/")[2] for tap in taps] == ["acknowledge"]
    following.click()
    expect(guard.locator("[data-primary='arrive']")).to_be_visible()


def test_a_tap_that_is_never_answered(guard: Page, desk: FakeDesk) -> None:
    """A tap without an answer says that it was not sent, where the thumb is, and may be repeated."""
    _open(guard, _security(desk))
    guard.route("**/alerts/*/acknowledge", _never_answer)
    guard.locator("[data-primary]").click()
    note = guard.locator("[data-refused]")
    expect(note).to_contain_text("没有送出")
    expect(note).to_be_in_viewport()
    guard.unroute("**/alerts/*/acknowledge")
    guard.locator("[data-primary='acknowledge']").click()
    expect(note).to_be_hidden()


def test_a_refusal_that_goes_with_the_next_news(guard: Page, address: str) -> None:
    """Why a tap did nothing stands until the next step, whatever comes meanwhile."""
    guard.goto(f"{address}/guard?refused=illegal_step")
    note = guard.locator("[data-refused]")
    expect(note).to_contain_text("有人先处理了")
    guard.evaluate("document.querySelector('#live').dataset.old = 'yes'")
    guard.evaluate(NEWS)
    expect(guard.locator("#live[data-old]")).to_have_count(0)
    assert note.is_visible()


def test_a_session_that_ended(browser: Browser, desk: FakeDesk, address: str) -> None:
    """A tap after the session ended leads to the sign-in and is said to be lost afterwards."""
    with opened(browser, locale="zh-CN") as page:
        enter(page, desk, address, "guard")
        page.goto(f"{address}/guard")
        page.locator("[data-primary]").first.wait_for()
        page.context.clear_cookies()
        page.evaluate(NEWS)
        expect(page).to_have_url(re.compile(r"/login\?next=(/|%2F)guard"))


def test_a_line_that_died_unnoticed(guard: Page) -> None:
    """A stream that says nothing for ten seconds is made anew, from where it was."""
    held: list[Route] = []
    guard.route("**/alerts/stream*", lambda one: one.continue_() if held else held.append(one))
    guard.reload()
    with guard.expect_request("**/alerts/stream?last_event_id=*"):
        expect(guard.locator("[data-lost]")).to_be_visible()
    expect(guard.locator("[data-lost]")).to_be_hidden()


def test_the_seventh_tab(guard: Page, desk: FakeDesk, address: str) -> None:
    """Tabs of one browser share one line: every further one loads, and all are up to date."""
    tabs = [guard]
    for _ in range(7):
        tab = guard.context.new_page()
        tab.goto(f"{address}/alerts")
        tabs.append(tab)
    alert = _security(desk)
    for tab in tabs:
        tab.locator(f"#live [data-alert='{alert}']").first.wait_for()
        expect(tab.locator("[data-lost]")).to_be_hidden()


def test_a_wish_for_sound_that_ends_with_the_page(guard: Page, address: str) -> None:
    """Sound once wished is wished on every page; where it cannot be yet, the page says so loudly."""
    loud = guard.locator("[data-silent]")
    expect(loud).to_be_visible()
    loud.click()
    expect(guard.locator("[data-sound]")).to_have_text("提醒已开")
    other = guard.context.new_page()
    other.goto(f"{address}/alerts")
    expect(other.locator("[data-silent]")).to_contain_text("提醒未开")
    other.locator("h1").click()
    expect(other.locator("[data-silent]")).to_be_hidden()


def test_focus_that_goes_with_the_news(browser: Browser, desk: FakeDesk, address: str) -> None:
    """Whoever stands on an equipment by the keyboard stands there after the news as before."""
    with opened(browser) as page:
        enter(page, desk, address, "engineer")
        page.goto(f"{address}/engineer")
        page.locator("[data-equipment='pump-supply-2']").focus()
        page.evaluate("document.querySelector('#live').dataset.old = 'yes'")
        page.evaluate(NEWS)
        expect(page.locator("#live[data-old]")).to_have_count(0)
        expect(page.locator("[data-equipment='pump-supply-2']")).to_be_focused()
        page.locator("details.menu > summary").click()
        page.keyboard.press("Escape")
        expect(page.locator("details.menu[open]")).to_have_count(0)
