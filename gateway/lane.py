"""Group commit: while one group is made durable, the messages that come become the next group."""

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.decoded import RawMessage
from gateway.intake import Committed
from gateway.session import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much may wait, and how long for company."""

    messages: int = 10_000
    bytes: int = 32 * 1024 * 1024
    group: int = 2_000
    """Messages of one commit at most."""
    linger_s: float = 0.0
    """How long a lone message waits for others."""
    company: int = 16
    """As many waiting messages wait no longer; below a broker's usual window of 20."""
    leave_s: float = 5.0
    """How long a commit under way may take when the lane is told to stop."""
    shed_after_s: float = math.inf
    """Full for so long without a break, though commits return: superseded values are shed."""
    stall_s: float = 10.0
    """A commit that takes longer waits for something, such as room: that is no overload."""


class Session(Protocol):
    """What a lane needs of its session."""

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None: ...
    def publish(self, topic: str, payload: bytes, qos: int = 1) -> bool: ...
    def resume(self) -> None: ...


class Lane:
    """The messages of one lane between their arrival and their acknowledgement."""

    def __init__(
        self,
        bounds: Bounds,
        commit: Callable[[Sequence[RawMessage], bool], Awaitable[Committed]],
        committed: Callable[[Session, Committed], None],
    ) -> None:
        """``commit`` is given messages, and whether values that newer ones supersede are left out."""
        self.is_shedding = False
        """Whether it cannot follow, and keeps only the newest value of each point."""
        self._bounds = bounds
        self._commit = commit
        self._committed = committed
        self._waiting: deque[Delivery] = deque()
        self._bytes = 0
        self._full_since: float | None = None
        self._arrived = asyncio.Event()
        self._company = asyncio.Event()

    @property
    def pending(self) -> int:
        """Return how many messages wait for their commit."""
        return len(self._waiting)

    def offer(self, delivery: Delivery) -> bool:
        """Take a message; False when no more are wanted until ``resume``."""
        self._waiting.append(delivery)
        self._bytes += len(delivery.message.payload)
        self._arrived.set()
        if len(self._waiting) >= self._bounds.company:
            self._company.set()
        if not self._is_full(1.0):
            return True
        if self._full_since is None:
            self._full_since = asyncio.get_running_loop().time()
        return False

    async def run(self, session: Session) -> None:
        """Commit and acknowledge group after group, until cancelled.

        Raises:
            JournalError: from the commit; that group is not acknowledged.
        """
        loop = asyncio.get_running_loop()
        while True:
            await self._arrived.wait()
            if self._bounds.linger_s > 0:
                await self._linger()
            began = loop.time()
            self._judge_load(began)
            await self._commit_group(session, self._take())
            if not self._is_full(0.5):
                self._full_since, self.is_shedding = None, False
                session.resume()
            elif self._full_since is not None and loop.time() - began > self._bounds.stall_s:
                self._full_since = loop.time()

    async def _commit_group(self, session: Session, group: Sequence[Delivery]) -> None:
        """Commit and acknowledge a group; when told to stop, see one that is under way through."""
        messages = [delivery.message for delivery in group]
        commit = asyncio.ensure_future(self._commit(messages, self.is_shedding))
        stop: asyncio.CancelledError | None = None
        try:
            await asyncio.shield(commit)
        except asyncio.CancelledError as exc:
            stop = exc
            await asyncio.wait({commit}, timeout=self._bounds.leave_s)
        if commit.done():
            took = commit.result()  # one that failed ends here: nothing of it is acknowledged
            session.acknowledge(group)
            self._committed(session, took)
        else:
            commit.cancel()
        if stop is not None:
            raise stop

    def _judge_load(self, now: float) -> None:
        """See whether it has been full for too long."""
        if self._full_since is not None and now - self._full_since >= self._bounds.shed_after_s:
            self.is_shedding = True

    async def _linger(self) -> None:
        try:
            async with asyncio.timeout(self._bounds.linger_s):
                await self._company.wait()
        except TimeoutError:
            return

    def _take(self) -> list[Delivery]:
        # All that waits when shedding: the more is looked at together, the more is superseded.
        most = len(self._waiting) if self.is_shedding else self._bounds.group
        count = min(len(self._waiting), most)
        group = [self._waiting.popleft() for _ in range(count)]
        self._bytes -= sum(len(delivery.message.payload) for delivery in group)
        if not self._waiting:
            self._arrived.clear()
        if len(self._waiting) < self._bounds.company:
            self._company.clear()
        return group

    def _is_full(self, share: float) -> bool:
        return (
            len(self._waiting) >= self._bounds.messages * share
            or self._bytes >= self._bounds.bytes * share
        )
