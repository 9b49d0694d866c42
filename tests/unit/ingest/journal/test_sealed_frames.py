"""What a reader gets of a sealed segment does not depend on how its records lie in frames."""

from pathlib import Path

import pytest

from ingest.journal import layout
from ingest.journal.reader import FolderReader
from ingest.journal.sealed import FRAME_BYTES, SealedSegment
from ingest.journal.segment import READ_BYTES
from ingest.journal.sqlite import Roll
from tests.unit.ingest.journal.folder import journal, note, read_all

RECORDS = 80
PAYLOAD = bytes(FRAME_BYTES // 8)
"""So large that eight or nine of them make a frame, and all of them more than one read."""


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A folder whose first segment is sealed in several frames."""
    with journal(tmp_path, Roll(bytes=1)) as writer:
        writer.append([note(PAYLOAD) for _ in range(RECORDS)], at=1)
        writer.append([note(b"next")], at=2)
        writer.tend(0)
    assert len(SealedSegment(layout.list_segments(tmp_path)[0].path).frames) > 3
    return tmp_path


@pytest.mark.parametrize("limit", [1, 7, 30, RECORDS])
def test_a_read_ends_with_a_frame(sealed: Path, limit: int) -> None:
    """It ends with what was asked for, or with some MiB, wherever frames begin and end."""
    reader, after = FolderReader(sealed), 0
    for _ in range(RECORDS // limit):
        found = reader.read(after, limit=limit)
        assert [one.position for one in found] == list(range(after + 1, found[-1].position + 1))
        assert len(found) == limit or sum(len(one.payload) for one in found) >= READ_BYTES
        after = found[-1].position
    assert [one.position for one in read_all(sealed)] == list(range(1, RECORDS + 2))


def test_a_damaged_frame_takes_the_one_before_it_along(sealed: Path) -> None:
    """What stands before a damaged frame is read, and so is what stands behind it."""
    file = layout.list_segments(sealed)[0].path
    second, third = SealedSegment(file).frames[1:3]
    content = bytearray(file.read_bytes())
    content[third.offset - 1] ^= 1
    file.write_bytes(content)
    found = [one.position for one in read_all(sealed)]
    lost = range(second.first, second.last + 1)
    assert found == [one for one in range(1, RECORDS + 2) if one not in lost]
