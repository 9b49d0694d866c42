"""What must be true of the data folder before anything starts."""

from pathlib import Path

import pytest

from gengfu import installation
from gengfu.core.errors import StartError
from gengfu.installation import Installation


def test_a_start_on_a_full_disk_is_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one sentence that names the folder; where there is room nothing is said."""
    Installation(tmp_path).require_room()
    monkeypatch.setattr(installation, "LEAST_ROOM", 2**62)
    with pytest.raises(StartError, match=f"{tmp_path} is full"):
        Installation(tmp_path).require_room()
