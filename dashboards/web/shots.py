"""Takes pictures of every page, to look at them: ``python -m dashboards.web.shots OUT --base URL``.

Needs Playwright and a Chromium; a tool for whoever works on the pages, not part of the service.
"""

import argparse
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZES = {"phone": (360, 740), "desk": (1440, 900)}
PAGES = {
    "guard": ("guard", "/guard"),
    "alerts": ("guard", "/alerts"),
    "alert": ("guard", "/alerts/{alert}"),
    "report": ("guard", "/report"),
    "engineer": ("engineer", "/engineer"),
    "equipment": ("engineer", "/equipment/{equipment}"),
    "dead-letters": ("engineer", "/engineer/dead-letters"),
    "rules": ("engineer", "/engineer/rules"),
    "new-rule": ("engineer", "/engineer/rules/new"),
    "backtest": ("engineer", "/engineer/rules/backtest"),
    "linkage": ("engineer", "/linkage"),
    "manager": ("manager", "/manager"),
}
CLICKED = {"backtest": "button.primary", "linkage": "tbody a"}
"""Where the picture is that of what a first click leads to."""
PATIENCE_MS = 120_000


def looks() -> Iterator[tuple[str, tuple[int, int], str, str]]:
    """Go through every size, colour scheme and language."""
    for size, box in SIZES.items():
        for scheme in ("light", "dark"):
            for language in ("zh", "en"):
                yield size, box, scheme, language


def sign_in(page: "Page", base: str, login: str, password: str) -> None:
    """Sign in by the form, as a person does."""
    page.goto(f"{base}/login")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda address: "/login" not in address)


def worst_alert(page: "Page") -> str:
    """Return the id of the alert that stands first on the guard's page."""
    page.goto("/guard")
    return page.locator("[data-alert]").first.get_attribute("data-alert") or ""


def take(browser: "Browser", out: Path, wanted: argparse.Namespace) -> None:
    """Take one picture of every page in every look."""
    known = json.loads(wanted.accounts.read_text("utf-8"))
    accounts = {one["role"]: (one["login"], one["password"]) for one in known}
    for size, (width, height), scheme, language in looks():
        if not set(filter(None, wanted.only.split(","))) <= {size, scheme, language}:
            continue
        for role in ("", "guard", "engineer", "manager"):
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
                locale="zh-CN" if language == "zh" else "en-GB",
                base_url=wanted.base,
            )
            page = context.new_page()
            pages = {"login": ("", "/login")} | PAGES
            if role:
                sign_in(page, wanted.base, *accounts[role])
            for name, (who, path) in pages.items():
                if who == role and (not wanted.pages or name in wanted.pages.split(",")):
                    alert = wanted.alert or (worst_alert(page) if "{alert}" in path else "")
                    page.goto(path.format(alert=alert, equipment=wanted.equipment))
                    if name in CLICKED:
                        with page.expect_navigation(timeout=PATIENCE_MS):
                            page.locator(CLICKED[name]).first.click(timeout=PATIENCE_MS)
                    page.wait_for_timeout(900)
                    page.screenshot(
                        path=out / f"{name}-{size}-{scheme}-{language}.png", full_page=wanted.full
                    )
            context.close()


def main() -> None:
    """Read the arguments and take the pictures."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 – only this tool needs it

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--base", default="http://127.0.0.1:8080")
    parser.add_argument(
        "--accounts", type=Path, required=True, help="such as DATA/secrets/demo-accounts.json"
    )
    parser.add_argument("--alert", default="", help="else the worst that is open")
    parser.add_argument("--equipment", default="pump-supply-2")
    parser.add_argument("--pages", default="", help="names, separated by commas")
    parser.add_argument("--only", default="", help="such as phone,light,zh")
    parser.add_argument("--full", action="store_true", help="the whole page, not the screen")
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(CHROMIUM_ARGUMENTS)
        )
        take(browser, wanted.out, wanted)
        browser.close()


if __name__ == "__main__":
    main()
