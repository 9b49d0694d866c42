"""docs/journal.md says how to read an archive without Gengfu; its program does."""

import re
import subprocess
import sys
from pathlib import Path

from ingest.journal import layout
from ingest.journal.sqlite import Roll
from tests.unit.ingest.journal.folder import counted, journal, note, read_all

DOCUMENT = Path(__file__).parents[4] / "docs" / "journal.md"


def test_the_documented_program_reads_an_archive(tmp_path: Path) -> None:
    """It prints every sealed record as our own reader finds it."""
    match = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert match
    program = tmp_path / "program.py"
    program.write_text(match[1])
    folder = tmp_path / "journal"
    with journal(folder, Roll(bytes=2_000)) as writer:
        for number in range(40):
            writer.append([note(bytes(number * 10))], at=number, identities=[counted(number)])
        writer.tend(0)
        sealed = [str(one.path) for one in layout.list_segments(folder) if one.sealed]
        printed = subprocess.run(
            [sys.executable, str(program), *sealed], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        expected = [
            f"{one.position} {one.partition} {one.kind:d} {one.written_at} {len(one.payload)}"
            for one in read_all(folder)
        ]
    assert len(printed) > 20
    assert printed == expected[: len(printed)]
