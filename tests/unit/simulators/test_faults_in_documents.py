"""The pages name every class's faults, and none that are not there."""

import re
from pathlib import Path

import pytest

from simulators.estate.catalogue import NO_RESPONSE, PLAYERS
from simulators.estate.links import LINK_FAULTS

DOCS = Path(__file__).parents[3] / "docs"
_WORD = re.compile(r"`([a-z_]+)`")


@pytest.mark.parametrize("page", ["simulators.md", "zh/simulators.md"])
def test_a_fault_is_not_in_the_documents(page: str) -> None:
    """Every fault of every class stands in the table of faults of both pages."""
    text = (DOCS / page).read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    named = set(_WORD.findall(" ".join(rows)))
    faults = {fault for player in PLAYERS.values() for fault in player.faults}
    assert (faults | LINK_FAULTS | {NO_RESPONSE}) - named == set()
