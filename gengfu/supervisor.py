"""Start, watch and restart the processes of one installation.

It knows processes only: how to start each one, whether it lives, whether it hangs. What they do is
bound together in ``gengfu.app``.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import structlog

from gengfu.heartbeat import HEARTBEAT_FD, TURN_FD

log = structlog.get_logger()

SILENCE_SECONDS = 15.0
"""A process that gave no sign of life for so long hangs and is killed."""
STARTING_SECONDS = 60.0
"""What a process may take from its turn to its first sign of life."""
MOST_PATIENCE = 8
"""Each hang soon after the last doubles both, up to so many times: to kill what a busy machine only
makes slow costs it another start, and for ever, when that takes longer than it was given."""
SETTLED_SECONDS = 600.0
"""A hang after so long a run has nothing to do with the one before."""
STOP_SECONDS = 10.0
"""What a process may take to stop after SIGTERM."""
FIRST_DELAY, LAST_DELAY = 0.2, 2.0
"""Seconds before a restart: doubling from the first to the last, back to the first after a calm run."""
CALM_SECONDS = 10.0


class Ending(StrEnum):
    """Why a process is no longer running."""

    DONE = "done"
    """It was finished (exit 0) and is not wanted again."""
    REFUSED = "refused"
    """It said that it cannot start (exit 1 before its first sign of life): a person must mend that."""
    DIED = "died"
    HUNG = "hung"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """How to start one process: ``python -m <module> <arguments>``.

    Its first heartbeat says that it is ready; only then it is the next one's turn.
    """

    name: str
    module: str
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", self.module, *self.arguments]


class CannotStart(Exception):
    """A process refused to start; its own sentence has been printed already."""


class Supervisor:
    """Start processes, let them work in order, restart what dies or hangs, stop in reverse order."""

    def __init__(self, specs: Sequence[ProcessSpec]) -> None:
        self._specs = tuple(specs)
        self._stopping = asyncio.Event()
        self.restarts: dict[str, int] = {spec.name: 0 for spec in specs}

    def stop(self) -> None:
        """Ask for a clean stop; ``run`` returns when everything has ended."""
        self._stopping.set()

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Run until ``stop``; ``started`` is called once, when every process is ready.

        Raises:
            CannotStart: when a process refused to start at the very beginning.
        """
        keepers: list[asyncio.Task[None]] = []
        try:
            stages = [_Stage() for _ in self._specs]
            for spec, stage in zip(self._specs, stages, strict=True):
                keeper = asyncio.create_task(self._keep(spec, stage), name=f"keep {spec.name}")
                keepers.append(keeper)
            for stage in stages:
                stage.turn.set()
                await self._first_of(stage.ready.wait(), keepers)
                if self._stopping.is_set():
                    return
            started()
            await self._first_of(self._stopping.wait(), keepers)
        finally:
            self._stopping.set()
            for keeper in reversed(keepers):
                keeper.cancel()
                with contextlib.suppress(asyncio.CancelledError, CannotStart):
                    await keeper

    async def _first_of(
        self, awaited: Coroutine[object, object, object], keepers: Sequence[asyncio.Task[None]]
    ) -> None:
        """Wait for something, for a stop, or for a process that gave up (whose error is raised)."""
        waiting = [
            asyncio.create_task(awaited, name="supervisor waits"),
            asyncio.create_task(self._stopping.wait(), name="wait for stop"),
        ]
        try:
            done, _ = await asyncio.wait([*waiting, *keepers], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        for task in done:
            task.result()

    async def _keep(self, spec: ProcessSpec, stage: "_Stage") -> None:
        """Keep one process running until cancelled."""
        delay, patience, has_lived = FIRST_DELAY, 1, False
        while True:
            began = asyncio.get_running_loop().time()
            ending, lived = await self._run_once(spec, stage, patience)
            ran = asyncio.get_running_loop().time() - began
            has_lived = has_lived or lived
            if ending is Ending.DONE:
                await asyncio.Event().wait()
            if ending is Ending.REFUSED and not has_lived:
                raise CannotStart(spec.name)
            delay = FIRST_DELAY if ran > CALM_SECONDS else min(delay * 2, LAST_DELAY)
            patience = 1 if ran > SETTLED_SECONDS else patience
            if ending is Ending.HUNG:
                patience = min(patience * 2, MOST_PATIENCE)
            self.restarts[spec.name] += 1
            log.warning("process restarts", process=spec.name, why=ending, in_seconds=delay)
            await asyncio.sleep(delay)

    async def _run_once(
        self, spec: ProcessSpec, stage: "_Stage", patience: int
    ) -> tuple[Ending, bool]:
        """Run a process to its end; tell why it ended and whether it ever gave a sign of life."""
        reading, writing = os.pipe()
        waits, calls = os.pipe()
        ours = {HEARTBEAT_FD: str(writing), TURN_FD: str(waits)}
        # A session of its own: Ctrl-C in the terminal reaches only the supervisor, which stops all.
        process = await asyncio.create_subprocess_exec(
            *spec.command,
            env={**os.environ, **spec.environment, **ours},
            pass_fds=(writing, waits),
            start_new_session=True,
        )
        os.close(writing)
        os.close(waits)
        pulse = _Pulse(reading)
        watch = asyncio.create_task(
            _watch(pulse, stage, calls, patience), name=f"watch {spec.name}"
        )
        death = asyncio.create_task(process.wait(), name=f"wait {spec.name}")
        try:
            await asyncio.wait([death, watch], return_when=asyncio.FIRST_COMPLETED)
            if process.returncode is None:
                process.kill()
                await death
                return Ending.HUNG, pulse.heard
            return _why(process.returncode, heard=pulse.heard), pulse.heard
        except asyncio.CancelledError:
            await _stop(process)
            raise
        finally:
            watch.cancel()
            death.cancel()
            pulse.close()
            os.close(calls)


async def _watch(pulse: "_Pulse", stage: "_Stage", calls: int, patience: int) -> None:
    """Call a process when it is its turn; return when it is silent for too long after that."""
    await stage.turn.wait()
    with contextlib.suppress(BrokenPipeError):  # it died while it waited
        os.write(calls, b".")
    await pulse.silence(stage.ready, patience)


@dataclass(frozen=True, slots=True)
class _Stage:
    """How far one process is in the start of all."""

    turn: asyncio.Event = field(default_factory=asyncio.Event)
    ready: asyncio.Event = field(default_factory=asyncio.Event)


def _why(returncode: int, *, heard: bool) -> Ending:
    if returncode == 0:
        return Ending.DONE
    return Ending.REFUSED if returncode == 1 and not heard else Ending.DIED


async def _stop(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, then SIGKILL for one that does not listen."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        log.warning("process killed: it did not stop", pid=process.pid)
        process.kill()
        await process.wait()


class _Pulse:
    """The reading end of one process's heartbeat."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._beat = asyncio.Event()
        self.heard = False
        os.set_blocking(descriptor, False)
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def _read(self) -> None:
        if os.read(self._descriptor, 4096):
            self.heard = True
            self._beat.set()
        else:  # the process closed its end
            asyncio.get_running_loop().remove_reader(self._descriptor)

    async def silence(self, ready: asyncio.Event, patience: int) -> None:
        """Set ``ready`` at the first sign of life; return when the process is silent for too long."""
        limit = STARTING_SECONDS * patience
        while True:
            try:
                async with asyncio.timeout(limit):
                    await self._beat.wait()
            except TimeoutError:
                return
            ready.set()
            self._beat.clear()
            limit = SILENCE_SECONDS * patience

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
