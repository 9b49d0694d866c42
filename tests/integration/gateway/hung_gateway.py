"""A gateway whose journal hangs, to be killed: prints how many messages it holds unacknowledged.

Run as ``python -m tests.integration.gateway.hung_gateway PORT COUNT``.
"""

import asyncio
import sys

import structlog

from gateway.endpoint import Endpoint
from tests.fakes.journal import FakeJournal
from tests.integration.gateway.rig import running_gateway, until


async def hang(port: int, count: int) -> None:
    """Receive ``count`` messages, say so, and hang."""
    journal = FakeJournal()
    journal.gate.clear()
    received = 0

    async with running_gateway(Endpoint(host="127.0.0.1", port=port), journal) as running:
        print("ready", flush=True)
        sessions = running.gateway.sessions.values()

        def all_came() -> bool:
            nonlocal received
            counters = [session.counters for session in sessions]
            received = sum(one.received - one.acknowledged for one in counters)
            return received >= count

        await until("the messages", all_came)
        print("holding", received, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(hang(int(sys.argv[1]), int(sys.argv[2])))
