"""A file that is replaced is complete or as before, and its owner's alone."""

import stat
from pathlib import Path

import pytest

from gengfu.durable import replace_file


def test_half_a_file(tmp_path: Path) -> None:
    """A file is replaced as a whole, readable by its owner alone, and nothing is left beside it."""
    file = tmp_path / "head"
    file.write_text("before, and longer")
    replace_file(file, b"after")
    assert file.read_bytes() == b"after"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_refused_replacement_spoils_what_was_there(tmp_path: Path) -> None:
    """When it cannot be replaced, the error is told and what was there stays."""
    folder = tmp_path / "is-a-folder"
    folder.mkdir()
    with pytest.raises(OSError, match="irectory"):
        replace_file(folder, b"after")
    assert list(tmp_path.iterdir()) == [folder]
