"""The golden folders of the foreign formats: what their devices say, and what it becomes here."""

import json
import os
from pathlib import Path

import pytest

from gateway.codecs.formats import FORMATS
from tests.fakes.foreign_talk import play

GOLDEN = Path(__file__).parents[2] / "golden"
CASES = sorted(
    str(file.parent.relative_to(GOLDEN))
    for name in FORMATS
    for file in GOLDEN.glob(f"{name}/*/messages")
)


@pytest.mark.parametrize("case", CASES)
def test_a_foreign_message_changes_its_meaning(case: str) -> None:
    """Every golden talk becomes exactly the rows, events and reasons beside it."""
    got = play(GOLDEN / case)
    expected = GOLDEN / case / "expected.json"
    if os.environ.get("GENGFU_WRITE_GOLDEN"):
        text = json.dumps(got, ensure_ascii=False, indent=1)
        expected.write_text(text + "\n", encoding="utf-8")
    assert got == json.loads(expected.read_text(encoding="utf-8"))


def test_a_format_has_no_golden_cases() -> None:
    """Each format of the mapping file has its golden folder."""
    assert {case.split("/", maxsplit=1)[0] for case in CASES} == set(FORMATS)
