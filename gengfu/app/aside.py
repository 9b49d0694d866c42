"""Runs a command of ours beside the desk: politely, with a limit, killed when nobody waits for it."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence

from gengfu.core.errors import GengfuError


class TookTooLong(GengfuError):
    """The command was killed at its limit."""


class Broke(GengfuError):
    """The command failed; the message is the end of what it said."""


async def run_aside(arguments: Sequence[str], *, limit: float, politeness: int) -> bytes:
    """Run ``gengfu ARGUMENTS`` and return what it printed; ``limit`` in seconds, nice value.

    Raises:
        TookTooLong, Broke: it did not end well.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gengfu", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, politeness)
        out, err = await asyncio.wait_for(process.communicate(), limit)
    except TimeoutError as exc:
        raise TookTooLong(f"it took more than {limit:g} s") from exc
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise Broke(err.decode(errors="replace").strip()[-500:])
    return out
