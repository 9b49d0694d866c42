"""What the desk remembers of one equipment: current values, its states, and what is not saved yet."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from dashboards.estate.operating_state import StateRule
from dashboards.estate.point_value import Current, believed
from dashboards.estate.timeline import Base, Change, Sample, Timeline, first_difference, overlay
from gengfu.core.clock import SILENT_REAL, Micros, at_pace
from gengfu.core.states import OperatingState, StateInterval
from gengfu.ledger.model import Equipment, EquipmentClass

_SAVED_CHANGES = 8
"""Silence is dated back to the last sample: so many changes may have to be taken back."""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of an equipment that must survive a restart."""

    equipment_class: str
    current: dict[str, Current]
    received_at: Micros | None
    heard: Micros | None
    known_until: Micros
    silent: bool
    own: tuple[Change, ...]
    shown: tuple[Change, ...]


_encode = msgspec.msgpack.encode
_decoder = msgspec.msgpack.Decoder(Memory)


@dataclass(slots=True)
class Remembered:
    """One equipment of the ledger, while it runs."""

    site: str
    equipment: Equipment
    kind: EquipmentClass
    timeline: Timeline
    shown: list[Change] = field(default_factory=list)
    """Its states with regard to who speaks for it. Ascending, the newest only."""
    current: dict[str, Current] = field(default_factory=dict)
    received_at: Micros | None = None
    touched: bool = True
    unsaved_from: Micros | None = None
    """From when on the saved states must be written again."""

    @classmethod
    def new(cls, site: str, equipment: Equipment, kind: EquipmentClass, at: Micros) -> "Remembered":
        """Return an equipment that stands in the ledger since ``at`` and was never heard."""
        timeline = Timeline(
            rule=StateRule.of(kind, equipment.attributes),
            silent_after=kind.silent_after,
            base=Base(time=at),
        )
        return cls(
            site=site,
            equipment=equipment,
            kind=kind,
            timeline=timeline,
            shown=list(timeline.changes),
            unsaved_from=at,
        )

    @classmethod
    def restored(
        cls, site: str, equipment: Equipment, kind: EquipmentClass, document: bytes
    ) -> "Remembered":
        """Return an equipment as it was saved; samples from before cannot be re-ordered any more."""
        memory = _decoder.decode(document)
        rule = StateRule.of(kind, equipment.attributes)
        known = {name: one for name, one in memory.current.items() if name in rule.points}
        base = Base(
            time=memory.known_until,
            values={name: one.value for name, one in known.items()},
            valued_at={name: believed(one) for name, one in known.items()},
            heard=memory.heard,
        )
        return cls(
            site=site,
            equipment=equipment,
            kind=kind,
            timeline=Timeline(
                rule=rule,
                silent_after=kind.silent_after,
                base=base,
                silent=memory.silent,
                changes=list(memory.own),
            ),
            shown=list(memory.shown),
            current=memory.current,
            received_at=memory.received_at,
            touched=False,
        )

    def document(self) -> bytes:
        """Return what ``restored`` reads."""
        return _encode(
            Memory(
                equipment_class=self.kind.name,
                current=self.current,
                received_at=self.received_at,
                heard=self.timeline.last_heard,
                known_until=self.timeline.latest,
                silent=self.timeline.silent,
                own=_newest(self.timeline.changes),
                shown=_newest(self.shown),
            )
        )

    def state(self) -> StateInterval:
        """Return the present state and since when."""
        shown = self.shown
        last = len(shown) - 1
        return StateInterval(self.equipment.id, shown[last].state, _same_since(shown, last))

    def unsaved(self) -> list[tuple[Micros, OperatingState]]:
        """Return the states that must be written, from ``unsaved_from`` on."""
        since = self.unsaved_from
        return [(one.start, one.state) for one in self.shown if since is None or one.start >= since]

    def saved(self) -> None:
        """Note that all is written: what came before the newest states need not be kept."""
        self.unsaved_from, self.touched = None, False
        self.shown = self.shown[-self.timeline.window :]

    def told(self, point: str, value: Current) -> None:
        """Take a value; an older one than the known does not replace it."""
        self.touched = True
        known = self.current.get(point)
        if known is None or value.observed_at >= known.observed_at:
            self.current[point] = value

    def hear(self, samples: Sequence[Sample], received_at: Micros | None) -> Micros | None:
        """Take samples; return from when on its own states differ, None when they do not.

        ``received_at`` is that of the last sign of life among them.
        """
        self.touched = True
        spoke = None
        if received_at is not None:
            self.received_at = max(received_at, self.received_at or received_at)
            spoke = self.timeline.set_silent(False)
        said = self.timeline.add(samples)
        if spoke is None or said is None:
            return spoke if said is None else said
        return min(spoke, said)

    def fell_silent(self, now: Micros) -> Micros | None:
        """Look whether nothing was heard for too long by now; return as ``hear`` does."""
        if self.timeline.silent or self.received_at is None or now <= self.deadline:
            return None
        self.touched = True
        return self.timeline.set_silent(True)

    @property
    def deadline(self) -> Micros:
        """Return when it counts as silent if nothing is heard until then."""
        return (self.received_at or 0) + self.timeline.silent_after

    def keep_pace(self, rate: float) -> None:
        """Count a silence by the machine's clock where ours runs ``rate`` times as fast."""
        self.timeline.silent_after = at_pace(self.kind.silent_after, real=SILENT_REAL, rate=rate)

    def show(self, since: Micros, above: "Remembered | None") -> Micros | None:
        """Derive what is shown from ``since`` on; return from when on that differs.

        Not from before its own states are known: it stood in no ledger yet, or that is too long ago.
        """
        since = max(since, self.timeline.changes[0].start)
        fresh = overlay(self.timeline.changes, above.shown if above else [], since)
        cut = bisect_left(self.shown, since, key=lambda change: change.start)
        kept, stale = self.shown[:cut], self.shown[cut:]
        if kept and fresh and kept[-1][1:] == fresh[0][1:]:
            fresh = fresh[1:]
        if stale == fresh:
            return None
        self.shown = kept + fresh
        differs = first_difference(stale, fresh)
        self.touched = True
        before = self.unsaved_from
        self.unsaved_from = differs if before is None else min(differs, before)
        return differs


def _same_since(changes: Sequence[Change], index: int) -> Micros:
    """Return since when the state at ``index`` has held, lost or not."""
    while index > 0 and changes[index - 1].state is changes[index].state:
        index -= 1
    return changes[index].start


def _newest(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return the last few changes, of which the first tells since when its state has held."""
    first = max(0, len(changes) - _SAVED_CHANGES)
    since = _same_since(changes, first)
    return (changes[first]._replace(start=since), *changes[first + 1 :])
