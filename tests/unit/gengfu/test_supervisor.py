"""The supervisor, with real child processes."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gengfu import supervisor
from gengfu.supervisor import CannotStart, ProcessSpec, Supervisor
from tests.integration.services import PATIENCE_S

_CHILD = """
import asyncio, os, pathlib, signal, sys
from gengfu.heartbeat import SupervisorGone, await_turn, beat

note = pathlib.Path(sys.argv[1])

async def main():
    await_turn()
    with note.open("a") as file:
        file.write(f"{os.getpid()}\\n")
    if "refuse" in sys.argv:
        sys.exit(1)
    if "slow" in sys.argv:
        await asyncio.sleep(float(sys.argv[-1]))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, sys.exit, 0)
    try:
        ready = asyncio.Event()
        ready.set()
        await beat(ready)
    except SupervisorGone:
        note.with_suffix(".gone").touch()

asyncio.run(main())
"""


@pytest.fixture
def spec(tmp_path: Path) -> ProcessSpec:
    (tmp_path / "watched_child.py").write_text(_CHILD, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(Path(supervisor.__file__).parents[1])])
    return ProcessSpec(
        name="child",
        module="watched_child",
        arguments=[str(tmp_path / "pids")],
        environment={"PYTHONPATH": path},
    )


def _pids(spec: ProcessSpec) -> list[int]:
    file = Path(spec.arguments[0])
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


async def _until(condition: object, seconds: float = PATIENCE_S) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():  # type: ignore[operator]
        assert asyncio.get_running_loop().time() < deadline, "waited too long"
        await asyncio.sleep(0.02)


async def test_killed_process_is_started_again(spec: ProcessSpec) -> None:
    """A process that dies by ``kill -9`` is running again soon, and a stop leaves none behind."""
    watch = Supervisor([spec])
    ready = asyncio.Event()
    run = asyncio.create_task(watch.run(ready.set))
    await asyncio.wait_for(ready.wait(), PATIENCE_S)
    os.kill(_pids(spec)[0], signal.SIGKILL)
    await _until(lambda: len(_pids(spec)) == 2)
    watch.stop()
    await asyncio.wait_for(run, PATIENCE_S)
    assert not any(_alive(pid) for pid in _pids(spec))
    assert watch.restarts == {"child": 1}


async def test_hung_process_is_killed(spec: ProcessSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is stopped (SIGSTOP) and so silent is killed and replaced."""
    monkeypatch.setattr(supervisor, "SILENCE_SECONDS", 2.0)
    watch = Supervisor([spec])
    ready = asyncio.Event()
    run = asyncio.create_task(watch.run(ready.set))
    await asyncio.wait_for(ready.wait(), PATIENCE_S)
    os.kill(_pids(spec)[0], signal.SIGSTOP)
    await _until(lambda: len(_pids(spec)) == 2)
    assert not _alive(_pids(spec)[0])
    watch.stop()
    await asyncio.wait_for(run, PATIENCE_S)


async def test_a_slow_start_that_is_killed_for_ever(
    spec: ProcessSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that starts more slowly than it was given is given twice as long the next time."""
    monkeypatch.setattr(supervisor, "STARTING_SECONDS", 2.0)
    slow = replace(spec, arguments=[*spec.arguments, "slow", "2.5"])
    watch = Supervisor([slow])
    ready = asyncio.Event()
    run = asyncio.create_task(watch.run(ready.set))
    await asyncio.wait_for(ready.wait(), PATIENCE_S)
    watch.stop()
    await asyncio.wait_for(run, PATIENCE_S)
    assert watch.restarts["child"] >= 1


async def test_refusal_at_start_ends_everything(spec: ProcessSpec, tmp_path: Path) -> None:
    """A process that exits 1 before it was ready ends the start; those started before it stop."""
    second = ProcessSpec(
        name="second",
        module=spec.module,
        arguments=[str(tmp_path / "second"), "refuse"],
        environment=spec.environment,
    )
    with pytest.raises(CannotStart, match="second"):
        await asyncio.wait_for(Supervisor([spec, second]).run(), PATIENCE_S)
    assert not any(_alive(pid) for pid in _pids(spec))


async def test_child_notices_dead_supervisor(spec: ProcessSpec, tmp_path: Path) -> None:
    """When the supervisor is killed with ``kill -9``, its processes stop by themselves."""
    script = (
        "import asyncio, sys; from gengfu.supervisor import *;"
        f"spec = ProcessSpec(name='child', module='watched_child', arguments=[{spec.arguments[0]!r}]);"
        "asyncio.run(Supervisor([spec]).run())"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, env={**os.environ, **spec.environment}
    )
    await _until(lambda: bool(_pids(spec)))
    await asyncio.sleep(0)
    parent.kill()
    await parent.wait()
    await _until((tmp_path / "pids.gone").exists)
