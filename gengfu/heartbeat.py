"""A process's sign of life to the supervisor, and its notice that the supervisor is gone.

The supervisor gives each child the writing end of a pipe. The child writes one byte a second from
its event loop: a loop that hangs stops writing, which is seen from outside. A pipe that nobody
reads any more means that the supervisor died; then the child stops too, so that nothing is left
running.

All processes are started at once, because loading them is most of a start; each then waits for its turn,
a byte on another pipe, until those before it are ready.
"""

import asyncio
import contextlib
import os
import select

HEARTBEAT_FD = "GENGFU_HEARTBEAT_FD"
TURN_FD = "GENGFU_TURN_FD"
BEAT_SECONDS = 1.0


class SupervisorGone(Exception):
    """The supervisor no longer reads our heartbeat."""


def await_turn() -> None:
    """Wait until the supervisor says that it is our turn; return at once without a supervisor.

    Raises:
        SupervisorGone: when the supervisor died before.
    """
    handle = os.environ.pop(TURN_FD, None)
    if handle is None:
        return
    called = os.read(int(handle), 1)
    os.close(int(handle))
    if not called:
        raise SupervisorGone


async def beat(ready: asyncio.Event) -> None:
    """Write the heartbeat from ``ready`` on; return at once without a supervisor.

    Before that nothing is written, and all the same noticed that nobody would read it: who waits for
    a broker in vain would wait for ever.

    Raises:
        SupervisorGone: when the supervisor died.
    """
    handle = os.environ.get(HEARTBEAT_FD)
    if handle is None:
        return
    descriptor = int(handle)
    os.set_blocking(descriptor, False)
    while not ready.is_set():
        if _nobody_reads(descriptor):
            raise SupervisorGone
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BEAT_SECONDS):
                await ready.wait()
    while True:
        try:
            os.write(descriptor, b".")
        except BlockingIOError:
            pass  # the supervisor is stopped, not dead; the pipe is full of signs of life
        except BrokenPipeError as exc:
            raise SupervisorGone from exc
        await asyncio.sleep(BEAT_SECONDS)


def _nobody_reads(descriptor: int) -> bool:
    """Tell whether the other end of a pipe that we write is closed."""
    poll = select.poll()
    poll.register(descriptor, 0)  # an error is told unasked
    return any(told & (select.POLLERR | select.POLLHUP) for _, told in poll.poll(0))
