"""The documents' table of classes says what the class files say."""

from pathlib import Path

import pytest

from gengfu.ledger.classes import SHIPPED, load_classes

ROOT = Path(__file__).parents[4]
GRADES = {"key": "关键", "important": "重要", "general": "一般"}


@pytest.mark.parametrize(
    ("page", "chinese"), [("docs/ledger.md", False), ("docs/zh/ledger.md", True)]
)
def test_a_class_table_behind_its_files(page: str, chinese: bool) -> None:
    """Each class that ships has its row: name, grade, target, how many points and events."""
    lines = (ROOT / page).read_text("utf-8").splitlines()
    first = lines.index(next(line for line in lines if line.startswith("| `barrier` |")))
    rows = [line for line in lines[first:] if line.startswith("| `")][: len(load_classes(SHIPPED))]
    assert rows == [
        f"| `{one.name}` | {one.title.zh if chinese else one.title.en} "
        f"| {GRADES[str(one.criticality)] if chinese else one.criticality} "
        f"| {one.availability_target * 100:g} % | {len(one.points)} | {len(one.events)} |"
        for one in sorted(load_classes(SHIPPED).values(), key=lambda klass: klass.name)
    ]
