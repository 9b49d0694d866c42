"""A process's sign of life to the supervisor, and its notice that the supervisor is gone.

The supervisor gives each child the writing end of a pipe. The child writes one byte a second from
its event loop: a loop that hangs stops writing, which is seen from outside. A pipe that nobody
reads any more means that the supervisor died; then the child stops too, so that nothing is left
running.

All processes are started at once, because loading them is most of a start; each then waits for its turn,
a byte on another pipe, until those before it are ready.
"""

import asyncio
import os

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


async def beat() -> None:
    """Write the heartbeat for as long as the process runs; return at once without a supervisor.

    Raises:
        SupervisorGone: when the supervisor died.
    """
    handle = os.environ.get(HEARTBEAT_FD)
    if handle is None:
        return
    descriptor = int(handle)
    os.set_blocking(descriptor, False)
    while True:
        try:
            os.write(descriptor, b".")
        except BlockingIOError:
            pass  # the supervisor is stopped, not dead; the pipe is full of signs of life
        except BrokenPipeError as exc:
            raise SupervisorGone from exc
        await asyncio.sleep(BEAT_SECONDS)
