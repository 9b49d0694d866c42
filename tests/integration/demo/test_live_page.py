"""Pages that stay true while people use them, in a real browser against the real system."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, FloatRect, Page, Route, expect

from tests.integration.browsers import opened
from tests.integration.demo.conftest import Running

NEWS = "document.body.dispatchEvent(new CustomEvent('gengfu:changed')) && null"
REPORT = """async ([kind, severity, text]) => {
  const form = await (await fetch('/report')).text();
  const places = new DOMParser().parseFromString(form, 'text/html').querySelectorAll('[name=place] option');
  const [site, ...place] = [...places].find((one) => one.value).value.split('/');
  const answer = await fetch('/api/v1/alerts', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ site, place: place.join('/'), kind, severity, text }),
  });
  return (await answer.json()).id;
}"""


@pytest.fixture
def guard(running: Running, phone: Page) -> Page:
    """The guard's page with an alert on it."""
    phone.goto(f"{running.base_url}/guard")
    phone.locator("article[data-alert]").first.wait_for()
    return phone


def _report(page: Page, kind: str, severity: str) -> str:
    alert: str = page.evaluate(REPORT, [kind, severity, f"试验 {uuid4().hex}"])
    return alert


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


def test_a_fire_behind_an_unfolded_card(guard: Page) -> None:
    """A fire is shown at once, whatever is unfolded; what was typed stays, and stays unfolded."""
    more = guard.locator("#live details.more").first
    more.locator("> summary").click()
    more.locator("textarea[name=note]").fill("写到一半")
    shown = guard.locator("article[data-alert]").first.get_attribute("data-alert") or ""
    fire = _report(guard, "life_safety", "critical")
    guard.locator(f"#live [data-alert='{fire}']").wait_for()
    if guard.locator(f"article[data-alert='{shown}']").count() == 0:
        _open(guard, shown)
    assert more.locator("textarea[name=note]").input_value() == "写到一半"


def test_a_fire_while_another_alert_is_open(guard: Page) -> None:
    """On an alert's own page what is graver stands above it, also when one has scrolled."""
    _open(guard, _report(guard, "maintenance", "low"))
    _report(guard, "life_safety", "critical")
    guard.locator("[data-waiting]").wait_for()
    guard.evaluate("document.querySelector('main').style.minHeight = '3000px'")
    guard.evaluate("scrollTo(0, 900)")
    expect(guard.locator("[data-waiting]")).to_be_in_viewport()


def test_a_button_that_runs_away(guard: Page) -> None:
    """On a phone the button stays under the thumb when something is said above it."""
    _open(guard, _report(guard, "maintenance", "low"))
    guard.evaluate("document.querySelector('#waiting').replaceChildren()")
    spot = _spot(guard)
    guard.evaluate("document.querySelector('#waiting').innerHTML = '<a>one more</a>'")
    assert _spot(guard) == spot


def test_impatient_taps(guard: Page) -> None:
    """Many taps on one spot take one step: the next one wants a tap of its own."""
    alert = _report(guard, "security", "medium")
    _open(guard, alert)
    taps: list[str] = []
    guard.on("request", lambda sent: taps.append(sent.url) if sent.method == "POST" else None)
    spot = _spot(guard)
    guard.mouse.click(spot["x"] + 40, spot["y"] + 20, click_count=12, delay=150)
    following = guard.locator("[data-primary='en-route']:not([aria-disabled])")
    expect(following).to_be_visible()
    guard.mouse.down(click_count=13)  # a slow phone may have taken long to hear of it
    guard.mouse.up(click_count=13)
    expect(guard.locator("[data-primary='en-route'][aria-disabled]")).to_be_visible()
    expect(following).to_be_visible()
    assert [tap.rpartition("/")[2] for tap in taps] == ["acknowledge"]
    following.click()
    expect(guard.locator("[data-primary='arrive']")).to_be_visible()


def test_a_tap_that_is_never_answered(guard: Page) -> None:
    """A tap without an answer says that it was not sent, where the thumb is, and may be repeated."""
    _open(guard, _report(guard, "security", "medium"))
    guard.route("**/alerts/*/acknowledge", _never_answer)
    guard.locator("[data-primary]").click()
    note = guard.locator("[data-refused]")
    expect(note).to_contain_text("没有送出")
    expect(note).to_be_in_viewport()
    guard.unroute("**/alerts/*/acknowledge")
    guard.locator("[data-primary='acknowledge']").click()
    expect(note).to_be_hidden()


def test_a_refusal_that_goes_with_the_next_news(running: Running, guard: Page) -> None:
    """Why a tap did nothing stands until the next step, whatever comes meanwhile."""
    guard.goto(f"{running.base_url}/guard?refused=illegal_step")
    note = guard.locator("[data-refused]")
    expect(note).to_contain_text("有人先处理了")
    guard.evaluate("document.querySelector('#live').dataset.old = 'yes'")
    guard.evaluate(NEWS)
    expect(guard.locator("#live[data-old]")).to_have_count(0)
    assert note.is_visible()


def test_a_session_that_ended(running: Running, browser: Browser) -> None:
    """A tap after the session ended leads to the sign-in and is said to be lost afterwards."""
    with opened(browser, locale="zh-CN") as page:
        running.enter(page, "guard")
        page.goto(f"{running.base_url}/guard")
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


def test_the_seventh_tab(running: Running, guard: Page) -> None:
    """Tabs of one browser share one line: every further one loads, and all are up to date."""
    tabs = [guard]
    for _ in range(7):
        tab = guard.context.new_page()
        tab.goto(f"{running.base_url}/alerts")
        tabs.append(tab)
    alert = _report(guard, "security", "high")
    for tab in tabs:
        tab.locator(f"#live [data-alert='{alert}']").first.wait_for()
        expect(tab.locator("[data-lost]")).to_be_hidden()


def test_a_wish_for_sound_that_ends_with_the_page(running: Running, guard: Page) -> None:
    """Sound once wished is wished on every page; where it cannot be yet, the page says so loudly."""
    loud = guard.locator("[data-silent]")
    expect(loud).to_be_visible()
    loud.click()
    expect(guard.locator("[data-sound]")).to_have_text("提醒已开")
    other = guard.context.new_page()
    other.goto(f"{running.base_url}/alerts")
    expect(other.locator("[data-silent]")).to_contain_text("提醒未开")
    other.locator("h1").click()
    expect(other.locator("[data-silent]")).to_be_hidden()


def test_focus_that_goes_with_the_news(running: Running, browser: Browser) -> None:
    """Whoever stands on an equipment by the keyboard stands there after the news as before."""
    with opened(browser) as page:
        running.enter(page, "engineer")
        page.goto(f"{running.base_url}/engineer")
        page.locator("[data-equipment='pump-supply-2']").focus()
        page.evaluate("document.querySelector('#live').dataset.old = 'yes'")
        page.evaluate(NEWS)
        expect(page.locator("#live[data-old]")).to_have_count(0)
        expect(page.locator("[data-equipment='pump-supply-2']")).to_be_focused()
        page.locator("details.menu > summary").click()
        page.keyboard.press("Escape")
        expect(page.locator("details.menu[open]")).to_have_count(0)
