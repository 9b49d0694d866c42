"""A real Chromium, and windows of it that share nothing with each other."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from dashboards.web.shots import CHROMIUM_ARGUMENTS
from tests.integration.services import PATIENCE_S

CHROMIUM = shutil.which("chromium")
PHONE: ViewportSize = {"width": 360, "height": 740}
PATIENCE_MS = 1000 * PATIENCE_S
"""So long a page may take for anything; what is so earlier is seen earlier."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser until the block ends; nothing with an event loop may run meanwhile."""
    if CHROMIUM is None:
        if os.environ.get("REQUIRE_SERVICES"):
            pytest.fail("chromium is missing")
        pytest.skip("chromium is missing")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_ARGUMENTS))
        yield made
        made.close()


@contextmanager
def opened(browser: Browser, width: int = 1440, locale: str = "en-GB") -> Iterator[Page]:
    """Open a browser window that shares nothing with others."""
    viewport: ViewportSize = PHONE if width == PHONE["width"] else {"width": width, "height": 800}
    context = browser.new_context(viewport=viewport, locale=locale, has_touch=viewport is PHONE)
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context.new_page()
    finally:
        context.close()


@contextmanager
def uncomplaining(page: Page) -> Iterator[Page]:
    """Fail at the end when the page broke or its policy forbade something of it."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if "Content Security" in said.text else None,
    )
    yield page
    assert complaints == []


def wider(page: Page) -> list[str]:
    """Return what reaches beyond the page's right edge and makes it scroll sideways, by tag and class."""
    found: list[str] = page.evaluate(_WIDER)
    return found


_WIDER = """() => {
  const most = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= most) return [];
  const hidden = (one) => one && (getComputedStyle(one).overflowX !== 'visible' || hidden(one.parentElement));
  const found = [...document.querySelectorAll('body *')]
    .filter((one) => one.getBoundingClientRect().right > most + 1 && !hidden(one.parentElement?.closest('main *')))
    .map((one) => `${one.tagName.toLowerCase()}.${one.getAttribute('class') ?? ''}: ${one.textContent.trim().slice(0, 60)}`);
  return found.length ? found : [`the page: ${document.documentElement.scrollWidth}`];
}"""
