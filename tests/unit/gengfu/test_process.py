"""How a process ends: one sentence for a person, and the exit code that the supervisor reads."""

import subprocess
import sys

import pytest

_PROCESS = """
import sys
from gengfu.core.errors import BadInput, Fault, JournalError
from gengfu.process import run_process

async def main(ready):
    {does}

sys.exit(run_process("core", main))
"""


@pytest.mark.parametrize(
    ("does", "code", "says"),
    [
        ("raise BadInput([Fault('x.yaml', '3', 'unknown key')])", 1, "x.yaml:3: unknown key"),
        ("raise JournalError('the disk is full')", 3, "the disk is full"),
        ("pass", 0, ""),
    ],
)
def test_an_error_that_is_told_twice(does: str, code: int, says: str) -> None:
    """What a person must mend is one line with exit 1; what a restart may heal is exit 3."""
    done = subprocess.run(
        [sys.executable, "-c", _PROCESS.format(does=does)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == code
    if code == 1:
        assert done.stderr == f"gengfu core: {says}\n"
    assert says in done.stderr
    assert done.stderr.count("Traceback") == (2 if code == 3 else 0)  # the group and its one error
