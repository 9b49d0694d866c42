"""What messages give away of who sends them: a gap, a clock that is off, two under one name.

Kept in memory and told as events of Gengfu's own, with the device as their part. What lasts is told
again every hour, so that a restart forgets nothing for long.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.decoded import Decoded
from gateway.sequences import Sequences
from gengfu.core.batch import Flag
from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros
from gengfu.core.identity import Counted, Identity
from gengfu.core.naming import Scalar

AGAIN_AFTER: Micros = HOUR
CONTRADICTIONS = 3
"""So many make two senders: one may be a device that stamps anew what it sends again."""
WITHIN: Micros = 10 * MINUTE

_CLOCK, _RECEIPT = Flag.CLOCK.value, Flag.RECEIPT_TIME.value


@dataclass(frozen=True, slots=True)
class Remark:
    """An event of Gengfu's own: what was noticed of an equipment as a sender."""

    type: str
    equipment: str
    attributes: Mapping[str, Scalar]


@dataclass(slots=True)
class _Doubt:
    """How often something was noticed of one equipment since ``first``, and how bad it was last."""

    first: Micros
    last: Micros
    count: int = 0
    size: Micros = 0
    told: Micros | None = None


@dataclass(slots=True)
class _Doubts:
    """What is noticed of many, and told once it was noticed ``enough`` times within a while."""

    enough: int
    _of: dict[str, _Doubt] = field(default_factory=dict)

    def note(self, equipment: str, at: Micros, size: Micros = 0) -> None:
        doubt = self._of.get(equipment)
        if doubt is None or (doubt.told is None and at - doubt.first > WITHIN):
            doubt = self._of[equipment] = _Doubt(at, at)
        doubt.count, doubt.last, doubt.size = doubt.count + 1, at, size

    def due(self, now: Micros) -> Iterator[tuple[str, _Doubt]]:
        """Yield what is to be told now; what was not noticed for long is forgotten."""
        for equipment, doubt in tuple(self._of.items()):
            if now - doubt.last > 2 * AGAIN_AFTER:
                del self._of[equipment]
            elif doubt.count >= self.enough and (
                doubt.told is None or doubt.last - doubt.told >= AGAIN_AFTER
            ):
                doubt.told, doubt.count = doubt.last, 0
                yield equipment, doubt


class Senders:
    """All that is noticed of devices as senders; as much as the ledger has equipment."""

    def __init__(self) -> None:
        self._sequences = Sequences()
        self._clocks = _Doubts(enough=1)
        self._pairs = _Doubts(enough=CONTRADICTIONS)

    def note(self, decoded: Decoded, at: Micros) -> None:
        """Take what a message said, when it is durable."""
        for rows in decoded.readings:
            if rows.flags:
                flags, claimed = rows.flags[-1], rows.claimed[-1][1] if rows.claimed else None
                self._note(decoded, rows.identity, flags, rows.observed_at[-1], claimed, at)
        for heard in decoded.events:
            one = heard.event
            self._note(decoded, heard.identity, one.flags, one.observed_at, one.claimed_at, at)

    def _note(
        self,
        decoded: Decoded,
        identity: Identity | None,
        flags: int,
        observed: Micros,
        claimed: Micros | None,
        at: Micros,
    ) -> None:
        if flags & _CLOCK and claimed is not None and decoded.equipment is not None:
            self._clocks.note(decoded.equipment, at, claimed - decoded.received_at)
        if isinstance(identity, Counted):
            own = None if flags & (_CLOCK | _RECEIPT) else observed
            if self._sequences.note(identity, at, own):
                self._pairs.note(identity.equipment, at)

    def remarks(self, now: Micros, *, missing_since: Micros) -> Sequence[Remark]:
        """Return what is to be told: gaps that are older than ``missing_since``, and doubts."""
        gaps = [
            Remark("gap", one.equipment, {"kind": one.kind.value, "missing": one.missing})
            for one in self._sequences.gaps(missing_since)
        ]
        clocks = [
            Remark("clock_off", equipment, {"off_s": round(one.size / SECOND)})
            for equipment, one in self._clocks.due(now)
        ]
        pairs = [Remark("two_senders", equipment, {}) for equipment, _ in self._pairs.due(now)]
        return [*gaps, *clocks, *pairs]
