"""Ends a connection so that the broker reads everything that was said before.

A socket closed with messages unread is reset, and a reset overtakes the last acknowledgements on
their way: what was safe would be told again. So a second handle keeps the connection open until
the broker, having read our DISCONNECT, closes it.
"""

import asyncio
import os
import socket
from contextlib import suppress
from typing import Protocol

LONGEST_S = 1.0
"""How long a broker may take to close a connection that we ended."""


class Opened(Protocol):
    """Any socket, also an encrypted one."""

    def fileno(self) -> int: ...


def hold(opened: Opened | None) -> socket.socket | None:
    """Return a second handle of a connection, which keeps it open; None for none."""
    if opened is None or opened.fileno() < 0:
        return None
    line = socket.socket(fileno=os.dup(opened.fileno()))
    line.setblocking(False)
    return line


async def hear_out(line: socket.socket | None) -> None:
    """Read what the broker still sends until it closes, then let go."""
    if line is None:
        return
    with line, suppress(OSError, TimeoutError):
        async with asyncio.timeout(LONGEST_S):
            while await asyncio.get_running_loop().sock_recv(line, 65_536):
                pass
