"""What a channel is to the outbox: something that tries once and says how it went."""

from dataclasses import dataclass
from typing import Protocol

from gengfu.core.clock import Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One notification for one channel. ``id`` never changes: the receiver dedupes by it."""

    id: str
    alert: str
    channel: str
    what: str
    body: bytes
    created_at: Micros
    attempts: int
    """How many attempts were made before."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other side has it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It was not delivered now; the outbox decides whether to try again."""

    why: str


class Channel(Protocol):
    """A way to reach people. ``send`` never raises for what the other side does."""

    @property
    def name(self) -> str:
        """The name under which deliveries are kept: it must not change between restarts."""

    async def send(self, delivery: Delivery, *, now: Micros) -> Delivered | Failed:
        """Try once, within a time limit of its own."""
