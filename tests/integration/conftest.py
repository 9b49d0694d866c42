"""The whole product as people meet it, started once for the tests of a file that look at it."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from dashboards.web.shots import CHROMIUM_ARGUMENTS, sign_in
from tests.acceptance.system import System
from tests.integration.services import free_port

CHROMIUM = shutil.which("chromium")
PHONE: ViewportSize = {"width": 360, "height": 740}


@dataclass(frozen=True, slots=True)
class Running:
    """A demo that runs: its address and who may look at it."""

    system: System
    base_url: str
    accounts: Mapping[str, tuple[str, str]]
    """Role → (login, password)."""
    printed: str
    """What the command printed until it was ready."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run ``gengfu up --demo`` on free ports, no longer than for one file: it takes half a core."""
    system = System(
        tmp_path_factory.mktemp("demo"),
        arguments=("--demo",),
        environment={"GENGFU_BROKER__PORT": str(free_port())},
    )
    with system.up():
        system.token = system.must("users", "token", "tests", "--role", "admin").split()[-1]
        yield Running(
            system=system,
            base_url=system.base_url,
            accounts=_accounts(system.data),
            printed=system.log.read_text(encoding="utf-8"),
        )


def _accounts(data: Path) -> dict[str, tuple[str, str]]:
    file = data / "secrets" / "demo-accounts.json"
    accounts = json.loads(file.read_text(encoding="utf-8"))
    return {one["role"]: (one["login"], one["password"]) for one in accounts}


def addresses(text: str) -> list[str]:
    """Return the web addresses in what a command printed."""
    return re.findall(r"http://[\w.:]+", text)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("REQUIRE_SERVICES"):
            pytest.fail("chromium is missing")
        pytest.skip("chromium is missing")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_ARGUMENTS))
        yield made
        made.close()


@pytest.fixture
def phone(browser: Browser, running: Running) -> Iterator[Page]:
    """A phone signed in as the guard; whatever a page complains about fails the test."""
    context = browser.new_context(viewport=PHONE, locale="zh-CN", has_touch=True)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if "Content Security" in said.text else None,
    )
    sign_in(page, running.base_url, *running.accounts["guard"])
    yield page
    context.close()
    assert complaints == []
