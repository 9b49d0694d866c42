"""The checkpoint file: whole or absent, and never trusted when it is not right."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engine import checkpoint
from rules.engine.state import State
from tests.fakes.rule_scene import CLASSES, Scene, equipment


def state() -> State:
    scene = Scene([equipment("pump", "pump", role="fire"), equipment("panel", "fire_panel")])
    scene.says("pump", run=True, current=3.0)
    scene.event("panel", "fire", "1-001", signal="smoke")
    scene.wait(2)
    return scene.judged()[0]


def test_a_written_file_reads_back_the_same(tmp_path: Path) -> None:
    """What is read encodes to the bytes that were written, and nothing lies beside it."""
    path = tmp_path / "rules.checkpoint"
    before = state()
    checkpoint.write(path, before)
    checkpoint.write(path, before)
    found = checkpoint.read(path, CLASSES)
    assert found is not None
    assert found.position == before.position
    assert checkpoint.encode(found) == checkpoint.encode(before)
    assert [one.name for one in tmp_path.iterdir()] == ["rules.checkpoint"]


def test_no_file_is_no_error(tmp_path: Path) -> None:
    """The first start has no checkpoint."""
    assert checkpoint.read(tmp_path / "none", CLASSES) is None


GOOD = checkpoint.encode(state())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_any_flipped_byte_is_found(at: int, flip: int) -> None:
    """A damaged file is refused, never half believed."""
    data = bytearray(GOOD)
    data[at] ^= flip
    with pytest.raises(checkpoint.CheckpointError):
        checkpoint.decode(bytes(data), CLASSES)


@given(st.integers(0, len(GOOD) - 1))
def test_any_truncation_is_found(length: int) -> None:
    """A file that ends early is refused."""
    with pytest.raises(checkpoint.CheckpointError):
        checkpoint.decode(GOOD[:length], CLASSES)


def test_other_classes_refuse_it() -> None:
    """A checkpoint whose rules do not fit today's classes makes a new start, not a crash."""
    with pytest.raises(checkpoint.CheckpointError, match="does not fit"):
        checkpoint.decode(GOOD, {"pump": CLASSES["pump"]})
