"""A door under access control: people by the hour, a lock, a contact, and a closer that may fail.

Granted: the strike releases, the door opens within a second or two, the closer shuts it after a few
seconds and it locks. From inside people press the exit button, where one is wired. The spread of
opening times is log-normal around 4 s (U, from experience).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros
from gengfu.core.naming import Scalar
from simulators.device import Injection, Machine
from simulators.models.people import next_arrival, outward

PASSAGES_PER_HOUR: Mapping[str, float] = {"unit": 40.0, "goods": 3.0, "fire": 0.2, "key_room": 0.3}
"""In the busiest hour, by the type of door."""

OVERRIDES: Mapping[str, Mapping[str, Scalar]] = {
    "tamper": {"tamper": True},
    "lock_fault": {"bonded": False, "fault": True},
    "unlocked": {"locked": False, "bonded": False},
}
FAULTS = frozenset({*OVERRIDES, "forced", "held_open", "probing", "lost_card"})

_REPORT = 20 * MINUTE
_DENIED = 0.012
_REASONS = ("unknown_card", "expired", "wrong_time")
_HOW = ("card", "card", "card", "face", "face", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """What is built: the type of door, whether an exit button is wired."""

    id: str
    door_type: str
    exit_button: bool
    zone: ZoneInfo

    @property
    def passages_per_hour(self) -> float:
        return PASSAGES_PER_HOUR.get(self.door_type, 5.0)


class Door(Machine):
    """One door with its reader, contact and lock."""

    def __init__(self, leaf: Leaf, rng: Random, start: Micros) -> None:
        """Put a closed, locked door."""
        super().__init__(leaf.id, start)
        self.leaf = leaf
        self.rng = rng
        self.contact = "closed"
        self.locked = True
        self.openings = rng.randrange(1_000, 200_000)
        self._next = start
        self._tried = False
        """A lost card was held to the reader: once each time one is found."""

    def end(self, injection: Injection) -> None:
        self._tried &= injection.fault != "lost_card"
        super().end(injection)

    def story(self) -> Iterator[Micros]:
        self._next = self._next_passage()
        while True:
            if "forced" in self.faults:
                yield from self._open_while("forced")
            elif "held_open" in self.faults:
                yield from self._grant()
                yield from self._open_while("held_open")
            elif "probing" in self.faults:
                yield from self._probe()
            elif "lost_card" in self.faults and not self._tried:
                self._tried = True
                self._deny("lost")
            elif self.now >= self._next:
                self._next = self._next_passage()
                yield from self._passage()
            else:
                self._say()
                yield min(self._next, self.now + _REPORT)

    def _passage(self) -> Iterator[Micros]:
        """Let someone through, from either side; now and then a card is refused."""
        if self.rng.random() < _DENIED:
            self._deny(self.rng.choice(_REASONS))
            yield self.now + SECOND
            return
        inside = self.rng.random() < outward(self.now, self.leaf.zone)
        if inside and self.leaf.exit_button:
            self.tell("exit_request")
            self.locked = False
        else:
            yield from self._grant()
        yield from self.until(self.now + round(self.rng.uniform(0.6, 1.8) * SECOND))
        self._swing("open")
        stays = 4.0 * math.exp(self.rng.gauss(0.0, 0.4))
        yield from self.until(self.now + round(stays * SECOND))
        self._shut()

    def _grant(self) -> Iterator[Micros]:
        how = self.rng.choice(_HOW)
        self.tell("granted", card=self._card(), how=how)
        self.locked = False
        self._say()
        yield from self.until(self.now + SECOND)

    def _open_while(self, fault: str) -> Iterator[Micros]:
        self._swing("open")
        while fault in self.faults:
            yield self.now + MINUTE
            self._say()
        self._shut()

    def _probe(self) -> Iterator[Micros]:
        """Try card after card: refusals every few seconds."""
        self._deny("unknown_card")
        yield from self.until(self.now + round(self.rng.uniform(4, 9) * SECOND))

    def _swing(self, contact: str) -> None:
        self.contact = contact
        self.openings += 1
        self._say()

    def _shut(self) -> None:
        self.contact, self.locked = "closed", True
        self._say()

    def _deny(self, reason: str) -> None:
        self.tell("denied", card=self._card(), reason=reason)

    def _card(self) -> str:
        """Return a reference to a card, never a person's name."""
        return f"card-{self.rng.randrange(1, 640):04d}"

    def _say(self) -> None:
        points: dict[str, Scalar] = {
            "contact": self.contact,
            "locked": self.locked,
            "bonded": self.locked and self.contact == "closed",
            "tamper": False,
            "fault": False,
            "openings": self.openings,
        }
        for fault in self.faults:
            points.update(OVERRIDES.get(fault, {}))
        self.say(points)

    def _next_passage(self) -> Micros:
        per_hour = self.leaf.passages_per_hour
        return max(
            next_arrival(self.rng, self.now, self.leaf.zone, per_hour=per_hour),
            self.now + HOUR // 720,
        )
