"""How we stand with a broker: what we say of our being there, what it remembers of us, what it says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.dialect import Reason
from gengfu.core.clock import Micros


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is said, retained, of our being there: after connecting, when leaving, and as last will."""

    topic: str
    payload: Callable[[bool, Micros], bytes]
    """(online, when this connection was opened) → what is said."""


@dataclass(slots=True)
class Memory:
    """What the broker should remember of us, and who is told when it does not."""

    is_known: bool = False
    """It has met us before, so it must have a session of ours."""
    retired: Sequence[str] = ()
    """Filters of earlier versions, which it may remember and is told to forget."""
    on_lost: Callable[[], None] = lambda: None
    on_taken_over: Callable[[], None] = lambda: None
    """Somebody else connected under our name (told by MQTT 5 only)."""
    on_told: Callable[[Reason], None] = lambda _reason: None
    """Why the broker ends or refuses something, each reason once until things go well again."""
