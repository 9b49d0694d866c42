"""Class files: what ships is whole, and every mistake of a person's file is told with its line."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import SECOND
from gengfu.core.errors import BadInput
from gengfu.core.names import PointKind
from gengfu.ledger.classes import SHIPPED, load_classes, read_class

GOOD = """\
class: gate
title: {zh: 道闸, en: Barrier}
brick: Gate
tags: [gate]
icon: gate
criticality: general
availability_target: 0.95
silent_after: 180s
points:
  - {name: up, kind: boolean, title: {zh: 抬起, en: Up}}
  - {name: arm, kind: enum, title: {zh: 杆, en: Arm}, words: {open: {zh: 开, en: open}, shut: {zh: 关, en: shut}}}
events:
  - {type: opened, title: {zh: 开闸, en: Opened}, attributes: {how: [card, remote]}}
attributes:
  - {name: lanes, kind: integer, unit: m, title: {zh: 车道数, en: Lanes}}
operating_state:
  - {state: running, when: up}
packs: []
"""

MISTAKES = [
    ("icon: gate", "icon: gate\nicon: door", "6", "twice"),
    ("icon: gate", "icons: gate", "5", "unknown key 'icons'"),
    ("icon: gate\n", "", "1", "'icon' is missing"),
    ("{zh: 道闸, en: Barrier}", "{zh: 道闸}", "2", "'en' is missing"),
    ("{zh: 道闸, en: Barrier}", '{zh: 道闸, en: ""}', "2", "'en' is empty"),
    ("180s", "three minutes", "8", "no duration"),
    ("180s", "0s", "8", "zero"),
    ("0.95", "95", "7", "no share"),
    ("criticality: general", "criticality: high", "6", "none of key, important, general"),
    ("name: up,", "name: arm,", "11", "the point 'arm' stands here twice"),
    ("name: up,", "name: online,", "10", "every class has 'online' already"),
    ("name: up,", "name: not,", "10", "word of the rule language"),
    ("name: up,", "name: Up!,", "10", "is no name"),
    ("kind: boolean", "kind: bool", "10", "'bool' is none of"),
    ("kind: boolean", "kind: enum", "10", "has no words"),
    ("kind: enum", "kind: text", "11", "only an enum has words"),
    ("kind: boolean", "kind: analog, low: 2, high: 1", "10", "is not below high"),
    ("kind: boolean", "kind: boolean, low: 0", "10", "no low and high"),
    ("kind: boolean", "kind: analog, low: .nan", "10", "is no number"),
    ("- {state: running, when: up}", "[]", "17", "no clause"),
    ("state: running", "state: broken", "17", "'broken' is none of"),
    ("when: up", "when: upp", "17", "no point 'upp'"),
    ("when: up", "when: arm == opne", "17", "'opne'"),
    ("when: up", "when: up and", "17", ""),
    ("when: up", "when: up and attr.lane > 1", "17", "no attribute 'lane'"),
    ("name: lanes", "name: Lanes!", "15", "is no name"),
    ("kind: integer", "kind: enum", "15", "an enum has words"),
    ("unit: m", "words: {one: {zh: 一, en: one}}", "15", "nothing else has"),
    ("class: gate", "class: [gate", "2", "not YAML"),
]


@pytest.mark.parametrize(("old", "new", "line", "message"), MISTAKES)
def test_mistake_without_line(old: str, new: str, line: str, message: str) -> None:
    """Each kind of mistake is refused and told with the line where it stands."""
    with pytest.raises(BadInput) as caught:
        read_class(GOOD.replace(old, new), "gate.yaml")
    assert any(message in fault.message and fault.place == line for fault in caught.value.faults), (
        str(caught.value)
    )


def test_only_first_mistake_told() -> None:
    """Ten mistakes in one file are told in one go."""
    text = GOOD
    for old, new, *_ in (MISTAKES[1], MISTAKES[5], MISTAKES[7], MISTAKES[11], MISTAKES[20]):
        text = text.replace(old, new)
    with pytest.raises(BadInput) as caught:
        read_class(text, "gate.yaml")
    assert len(caught.value.faults) >= 5


def test_good_class_refused() -> None:
    """A class as the documentation shows it is read, with the point and the clause it did not name."""
    gate = read_class(GOOD, "gate.yaml")
    assert list(gate.points) == ["online", "up", "arm"]
    assert gate.points["online"].kind is PointKind.BOOLEAN
    assert gate.points["online"].vital
    assert gate.silent_after == 180 * SECOND
    assert list(gate.points["arm"].words) == ["open", "shut"]
    assert [clause.when for clause in gate.operating_state] == ["not online", "up"]


def test_shipped_classes_broken() -> None:
    """The every class that ship hold, and each has what pages and rules ask of it."""
    classes = load_classes()
    assert {"elevator", "pump", "fire_panel", "door", "camera"} <= set(classes)
    for one in classes.values():
        assert one.points
        assert one.operating_state
        assert one.packs
    assert classes["camera"].operating_state[0].when.startswith("not online")


def test_own_class_not_seen(tmp_path: Path) -> None:
    """A user's own folder adds a class, and may replace one that ships."""
    (tmp_path / "gate.yaml").write_text(GOOD, encoding="utf-8")
    door = (SHIPPED / "door.yaml").read_text(encoding="utf-8").replace("3600s", "60s")
    (tmp_path / "door.yaml").write_text(door, encoding="utf-8")
    classes = load_classes(None, tmp_path)
    assert classes["gate"].title.zh == "道闸"
    assert classes["door"].silent_after == 60 * SECOND


def test_wrong_name_or_missing_folder_passes(tmp_path: Path) -> None:
    """A file named unlike its class, a file that is not UTF-8 and a missing folder are all told."""
    (tmp_path / "barrier.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "latin.yaml").write_bytes(b"class: caf\xe9\n")
    with pytest.raises(BadInput) as caught:
        load_classes(None, tmp_path, tmp_path / "missing")
    messages = " ".join(fault.message for fault in caught.value.faults)
    assert "the class is 'gate'" in messages
    assert "is not UTF-8" in messages
    assert "no such folder" in messages


@given(st.text(max_size=80), st.integers(0, len(GOOD)), st.integers(0, 60))
@settings(deadline=None)
def test_text_crashes(text: str, at: int, instead_of: int) -> None:
    """Whatever a file says, it is read or refused with a line, never a traceback."""
    with contextlib.suppress(BadInput):
        read_class(GOOD[:at] + text + GOOD[at + instead_of :], "gate.yaml")


@pytest.mark.parametrize(
    "text", ["[" * 5000, "&a [*a]", "", "{}", "- 1", "? [a]: 1", "a: b\n---\nc: d"]
)
def test_strange_yaml_crashes(text: str) -> None:
    """YAML that is no class of ours is refused with a line."""
    with pytest.raises(BadInput) as caught:
        read_class(text, "gate.yaml")
    assert all(fault.place for fault in caught.value.faults)
    assert caught.value.faults


@pytest.mark.parametrize("deep", ["[" * 200_000, "{a: " * 200_000, "- " * 200_000 + "x"])
def test_deep_file_ends_the_process(deep: str) -> None:
    """A document nested without end is a mistake of its file, not the end of whoever reads it."""
    with pytest.raises(BadInput, match="nested too deeply"):
        read_class(deep, "gate.yaml")
