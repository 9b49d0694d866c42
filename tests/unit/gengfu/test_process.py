"""How a process ends: one sentence for a person, and the exit code that the supervisor reads."""

import os
import subprocess
import sys
from threading import Barrier, Thread

import pytest

from gengfu.heartbeat import HEARTBEAT_FD
from gengfu.process import WORKERS, started_workers

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
        timeout=120,
    )
    assert done.returncode == code
    if code == 1:
        assert done.stderr == f"gengfu core: {says}\n"
    assert says in done.stderr
    assert done.stderr.count("Traceback") == (2 if code == 3 else 0)  # the group and its one error


def test_a_thread_is_started_when_nothing_is_left_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """All workers run before there is work: none has to be started when memory is gone."""
    with started_workers() as pool:
        monkeypatch.setattr("threading.Thread.start", _no_thread)
        begun = Barrier(WORKERS)
        every = [pool.submit(begun.wait, 10) for _ in range(WORKERS)]
        assert sorted(one.result(10) for one in every) == list(range(WORKERS))


def _no_thread(_thread: Thread) -> None:
    raise MemoryError


def test_who_is_never_ready_outlives_its_supervisor() -> None:
    """A process that waits in vain for what it needs to start stops when its supervisor dies."""
    reading, writing = os.pipe()
    waits = _PROCESS.format(does="import asyncio; await asyncio.Event().wait()")
    environment = {**os.environ, HEARTBEAT_FD: str(writing)}
    with subprocess.Popen(
        [sys.executable, "-c", waits], env=environment, pass_fds=[writing], stderr=subprocess.PIPE
    ) as process:
        os.close(writing)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2)
        os.close(reading)
        assert process.wait(20) == 0
