"""The whole product as people meet it, started once for the tests of this folder, which look at it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Cookie, Page

from dashboards.web.shots import sign_in
from tests.acceptance.system import System
from tests.integration.browsers import PHONE, chromium, opened, uncomplaining
from tests.integration.services import free_port, wait_for


@dataclass(frozen=True, slots=True)
class Running:
    """A demo that runs: its address and who may look at it."""

    system: System
    base_url: str
    accounts: Mapping[str, tuple[str, str]]
    """Role → (login, password)."""
    printed: str
    """What the command printed until it was ready."""
    sessions: dict[str, list[Cookie]] = field(default_factory=dict)
    """Role → the cookies of who is signed in."""

    def enter(self, page: Page, role: str) -> None:
        """Sign in by the form, as a person does; from the second time on with the session's cookie."""
        if role not in self.sessions:
            sign_in(page, self.base_url, *self.accounts[role])
            self.sessions[role] = page.context.cookies()
        page.context.add_cookies(
            [
                {"name": one["name"], "value": one["value"], "url": self.base_url}
                for one in self.sessions[role]
            ]
        )


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run ``gengfu up --demo`` on free ports, no longer than for this folder: it takes half a core."""
    system = System(
        tmp_path_factory.mktemp("demo"),
        arguments=("--demo",),
        environment={"GENGFU_BROKER__PORT": str(free_port())},
    )
    with system.up():
        system.token = system.must("users", "token", "tests", "--role", "admin").split()[-1]
        wait_for("its words", lambda: "Ctrl-C" in system.log.read_text(encoding="utf-8"))
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


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def phone(browser: Browser, running: Running) -> Iterator[Page]:
    """A phone signed in as the guard; whatever a page complains about fails the test."""
    with opened(browser, PHONE["width"], "zh-CN") as page, uncomplaining(page):
        running.enter(page, "guard")
        yield page
