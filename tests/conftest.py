"""What all tests share: properties are judged by what they find, never by how long they took.

What a test measured is told at the end of the run, whichever worker ran it.
"""

import os
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

settings.register_profile("house", parent=settings(), deadline=None)
settings.load_profile("house")

Figure: TypeAlias = Callable[[str], None]
_MEASURED = "measured"
_TOGETHER = ("tests/integration/demo/",)
"""Folders whose tests share a running system: one worker has it, and only while it runs them."""


class _Together(LoadFileScheduling):
    """Hands out tests file by file, those of a folder that shares a system as if they were a file."""

    def _split_scope(self, nodeid: str) -> str:
        own = super()._split_scope(nodeid)
        return next((folder for folder in _TOGETHER if own.startswith(folder)), own)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    return _Together(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """Undo what a command that ran in this process told its child processes by the environment."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Tell a figure: it stands at the end of the run's report, and of a report's XML."""

    def tell(text: str) -> None:
        print(text)
        record_property(_MEASURED, text)

    return tell


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured, test by test."""
    told = [
        (report.nodeid, value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, value in report.user_properties
        if name == _MEASURED
    ]
    if told:
        terminalreporter.section("measured")
    for name, value in told:
        terminalreporter.write_line(f"{name}: {value}")
