"""What is remembered of one edge node between its messages: aliases, sequence, its birth.

Messages are taken as they come, for every value has its own time and every alias the meaning that
the last birth gave it; what is waited for is only whether a missing number still arrives. If not in
time, a rebirth is asked for.

A birth of the node takes back what was known of its devices: each is born again right after it, or
is no longer there. Nothing ends these births but what comes next, or that nothing does.
"""

from dataclasses import dataclass, field

from gengfu.core.clock import SECOND, Micros

REORDER_TIMEOUT: Micros = 5 * SECOND
"""How long a number of the sequence may be missing, and the next birth of a device be waited for."""
REBIRTH_PAUSE: Micros = 30 * SECOND
"""How long a node is given before it is asked again."""
MOST_REMEMBERED = 50_000
"""Metrics, and devices, of one node; more are no edge node but a fault."""
_ROUND = 256


@dataclass(frozen=True, slots=True)
class Known:
    """What a birth said of a metric."""

    name: str
    datatype: int | None


@dataclass(slots=True)
class Node:
    """One edge node, with the devices behind it."""

    bd_seq: int | None = None
    """Of the birth in force; None = none was heard."""
    is_born: bool = False
    was_born: bool = False
    devices: set[str] = field(default_factory=set)
    """Those that were born since."""
    aliases: dict[int, Known] = field(default_factory=dict)
    types: dict[tuple[str, str], int | None] = field(default_factory=dict)
    """(device, metric) → type; the node's own metrics stand under the empty device."""
    awaited: set[str] = field(default_factory=set)
    """Devices that were there before the node's birth (or are mapped), and not born since."""
    _birth_at: Micros = 0
    """When the last birth was received, the node's or a device's."""
    _has_gap: bool = False
    """A number was given up since the node's birth: it may have been that of a birth."""
    _asked_for_awaited: bool = False
    _died_at: dict[str, Micros] = field(default_factory=dict)
    """Device → when its last death was received; the node's own stands under the empty device."""
    _last: int = 0
    _missing: dict[int, Micros] = field(default_factory=dict)
    """Number of the sequence → when it was missed."""
    _wanted: bool = False
    _asked_at: Micros | None = None

    def born(self, bd_seq: int | None, seq: int, now: Micros) -> None:
        """Begin anew. The first birth of all is no answer: what it lacks may be asked for at once."""
        if not self.was_born:
            self.was_born, self._asked_at = True, None
        self.bd_seq, self.is_born = bd_seq, True
        self.awaited |= self.devices
        self._birth_at, self._has_gap, self._asked_for_awaited = now, False, False
        self.devices.clear()
        self.aliases.clear()
        self.types.clear()
        self._missing.clear()
        self._last, self._wanted = seq, False

    def born_device(self, device: str, now: Micros) -> None:
        """Note that a device behind the node is there."""
        self.awaited.discard(device)
        self._birth_at = now
        if len(self.devices) < MOST_REMEMBERED:
            self.devices.add(device)

    def left_out(self, now: Micros, *, births_are_over: bool, speaker: str = "") -> list[str]:
        """Return, once, the devices that were not born again with their node: they died unheard.

        They are known when the births are over, by what was said or by the time, and none of them
        can have been lost. The ``speaker`` is there, whatever it forgot to say.
        """
        over = births_are_over or now - self._birth_at >= REORDER_TIMEOUT
        if not (self.is_born and over) or self._missing or self._has_gap:
            return []
        gone = sorted(self.awaited - {speaker})
        self.awaited.difference_update(gone)
        self._died_at.update(dict.fromkeys(gone, now))
        return gone

    def died(self, bd_seq: int | None, now: Micros) -> bool:
        """Note a death; False when it is an earlier birth's, and says nothing of this one.

        A later birth's, which was not heard, counts: there are clients that say good-bye with the
        number of their next birth.
        """
        if self.is_born and bd_seq is not None and self.bd_seq is not None:
            behind = (self.bd_seq - bd_seq) % _ROUND
            if 0 < behind < _ROUND // 2:
                return False
        self.is_born = False
        self.devices.clear()
        self.awaited.clear()
        self._missing.clear()
        self._died_at = {"": now}
        return True

    def device_died(self, device: str, now: Micros) -> None:
        """Note the death of a device behind the node."""
        self.awaited.discard(device)
        if device in self.devices:
            self.devices.discard(device)
            self._died_at[device] = now

    def is_before_death(self, device: str, at: Micros) -> bool:
        """Tell whether a time lies before the last death that a device, or its node, died."""
        return at <= max(self._died_at.get("", 0), self._died_at.get(device, 0))

    def count(self, seq: int, now: Micros) -> None:
        """Take a message's number: the next one, one that was missed, or one after a gap."""
        if not self.is_born or self._missing.pop(seq, None) is not None:
            return
        ahead = (seq - self._last) % _ROUND
        if 0 < ahead <= _ROUND // 2:
            for step in range(1, ahead):
                self._missing[(self._last + step) % _ROUND] = now
            self._last = seq

    def want_birth(self) -> None:
        """Note that its births are needed: it spoke of what nobody knows."""
        self._wanted = True

    def needs_rebirth(self, now: Micros) -> bool:
        """Tell, once, that a rebirth must be asked for by now."""
        overdue = any(now - at >= REORDER_TIMEOUT for at in self._missing.values())
        if not (self._wanted or overdue or self._is_waiting_in_vain(now)):
            return False
        if self._asked_at is not None and now - self._asked_at < REBIRTH_PAUSE:
            return False
        self._asked_at, self._wanted = now, False
        self._has_gap |= bool(self._missing)
        self._asked_for_awaited = True
        self._missing.clear()
        return True

    def _is_waiting_in_vain(self, now: Micros) -> bool:
        """Tell whether births may be over and nothing says so: the answer will, one way or other."""
        waited = now - self._birth_at >= REORDER_TIMEOUT
        return self.is_born and bool(self.awaited) and waited and not self._asked_for_awaited
