"""A guard's way from an alert to its close, in a real browser against the real system."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.integration.browsers import opened, wider
from tests.integration.demo.conftest import Running
from tests.integration.services import PATIENCE_S

STEPS = ("acknowledge", "en-route", "arrive", "verdict", "reset", "close")


def _api(page: Page, path: str) -> Any:
    return page.evaluate("async (path) => (await fetch(path)).json()", f"/api/v1{path}")


def _keep(page: Page, folder: Path, name: str) -> None:
    """Take a picture for people to look at: in ``GENGFU_SHOTS``, else among the test's own files."""
    chosen = Path(os.environ.get("GENGFU_SHOTS", folder))
    chosen.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=chosen / f"guard-way-{name}.png")


def _tap(page: Page, step: str) -> None:
    page.locator(f"[data-primary='{step}']").click()
    if step == "verdict":
        page.locator("[data-verdict='false']:visible").click()


def test_from_alert_to_close(running: Running, phone: Page, tmp_path: Path) -> None:
    """The page shows the worst alert with one button; tap by tap it is taken and closed."""
    phone.goto(f"{running.base_url}/guard")
    card = phone.locator("article[data-alert]").first
    card.wait_for()
    alert = card.get_attribute("data-alert")
    _keep(phone, tmp_path, "0-alert")
    phone.goto(f"{running.base_url}/alerts/{alert}")
    taken: list[str] = []
    deadline = time.monotonic() + PATIENCE_S
    while (handling := _api(phone, f"/alerts/{alert}")["handling"]) != "closed":
        assert time.monotonic() < deadline, f"stuck at {handling} after {taken}"
        before = _api(phone, f"/alerts/{alert}")["version"]
        phone.locator("[data-primary]").wait_for()
        step = phone.locator("[data-primary]").get_attribute("data-primary") or ""
        _tap(phone, step)
        phone.wait_for_function(
            "async ([id, before]) => "
            "(await (await fetch(`/api/v1/alerts/${id}`)).json()).version > before",
            arg=[alert, before],
        )
        phone.wait_for_function(
            "(step) => document.querySelector('[data-primary]')?.dataset.primary !== step", arg=step
        )
        taken.append(step)
        _keep(phone, tmp_path, f"{len(taken)}-{step}")
    done = _api(phone, f"/alerts/{alert}")
    assert done["verdict"] == "false"
    assert done["assignee"]
    assert [step for step in STEPS if step in taken] == taken
    assert set(taken) <= {line["what"] for line in done["timeline"]}
    phone.goto(f"{running.base_url}/guard")
    assert phone.locator(f"article[data-alert='{alert}']").count() == 0


def test_what_a_finger_is_on_is_taken_away(running: Running, phone: Page) -> None:
    """News that was under way when somebody began to choose waits until he is done."""
    phone.goto(f"{running.base_url}/guard")
    phone.locator("article[data-alert]").first.wait_for()
    alert = phone.locator("article[data-alert]").first.get_attribute("data-alert")
    phone.goto(f"{running.base_url}/alerts/{alert}")
    held: list[Route] = []
    news = f"**/alerts/{alert}*"
    phone.route(news, lambda route: route.continue_() if held else held.append(route))
    phone.evaluate("document.querySelector('#live').dataset.old = 'yes'")
    with phone.expect_request(news):
        phone.evaluate("document.body.dispatchEvent(new CustomEvent('gengfu:changed')) && null")
    chooser = phone.locator("#live details[data-hold]").first
    chooser.locator("> summary").click()
    phone.evaluate(
        "() => { window.over = new Promise((done) => "
        "document.body.addEventListener('htmx:afterRequest', done, { once: true })) }"
    )
    held[0].continue_()
    phone.evaluate("() => window.over.then(() => true)")
    assert chooser.evaluate("(one) => one.open")
    chooser.locator("> summary").click()
    phone.wait_for_function("() => !document.querySelector('#live').dataset.old")


def test_a_tap_that_was_not_sent(running: Running, phone: Page) -> None:
    """A tap without a line says so, also when the line is back, until a tap has arrived."""
    phone.goto(f"{running.base_url}/guard")
    phone.locator("article[data-alert]").first.wait_for()
    alert = phone.locator("article[data-alert]").first.get_attribute("data-alert")
    phone.goto(f"{running.base_url}/alerts/{alert}")
    note = phone.locator("[data-refused]")
    taps = f"**/alerts/{alert}/*"
    phone.route(taps, lambda route: route.abort("internetdisconnected"))
    tapped = phone.locator("#live form[data-step] button[data-primary]").first
    tapped.click()
    note.wait_for(state="visible")
    assert "没有送出" in note.inner_text()
    phone.evaluate("document.querySelector('#live').dataset.old = 'yes'")
    phone.evaluate("document.body.dispatchEvent(new CustomEvent('gengfu:changed')) && null")
    phone.wait_for_function("() => !document.querySelector('#live').dataset.old")
    assert note.is_visible()
    phone.unroute(taps)
    tapped.click()
    note.wait_for(state="hidden")


def test_a_page_that_lost_its_line(running: Running, phone: Page) -> None:
    """Five seconds without the stream and the page says so; back again it says nothing."""
    phone.goto(f"{running.base_url}/guard")
    banner = phone.locator("[data-lost]")
    phone.wait_for_function(
        "() => document.querySelector('[data-network]').textContent === '网络正常'"
    )
    assert not banner.is_visible()
    phone.context.set_offline(True)
    phone.evaluate("window.stop()")  # ends the open stream; a phone's radio would
    banner.wait_for(state="visible")
    phone.context.set_offline(False)


@pytest.mark.parametrize(
    ("role", "path", "hook"),
    [
        ("engineer", "/engineer", "[data-equipment]"),
        ("engineer", "/equipment/lift-b1-u1-left", "[data-ribbon] rect"),
        ("engineer", "/equipment/pump-supply-1", "[data-point='current'] canvas"),
        ("manager", "/manager", "[data-class='elevator']"),
    ],
)
@pytest.mark.parametrize("width", [360, 1440])
def test_a_page_wider_than_its_screen(
    browser: Browser, running: Running, role: str, path: str, hook: str, width: int
) -> None:
    """Every page shows what it is for, and fits the screen from 360 px on."""
    with opened(browser, width) as page:
        running.enter(page, role)
        page.goto(f"{running.base_url}{path}")
        page.locator(hook).first.wait_for(state="attached")
        assert wider(page) == []
