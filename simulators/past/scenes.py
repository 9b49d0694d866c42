"""A trouble of the past as the machines themselves live it, in every detail and on their real topics.

Only those play whom it concerns. They begin a little before and end a little after it; counters go on
from where the ordinary time had brought them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gengfu.core.clock import MINUTE, SECOND, Micros
from gengfu.ledger.model import EquipmentClass, SiteLedger
from simulators.broker.wire import Packet, Writer
from simulators.device import Change
from simulators.estate.estate import Estate, estate_of
from simulators.estate.report import Message
from simulators.past.troubles import Trouble, cast_of

LEAD: Micros = MINUTE
"""So long before its trouble a scene begins."""
AFTER: Micros = 6 * MINUTE
"""So long after it the scene ends: what clears has cleared by then."""
_CLOSE, _FAR = 10 * SECOND, 2 * MINUTE
"""How often it is looked at. What began before a look and was over soon after it is told with the next:
by then no hold may have run out, and the shortest is a little more than three minutes at a past's pace.
(Five minutes between looks: a fifth more alerts in thirty days, all of doors and barriers that had closed.)
"""
_NEAR: Micros = 6 * MINUTE
"""So long after its trouble began or ended it is looked at closely."""

Counter = Callable[[str, str], float | None]
"""Tells what a counter (equipment, point) reads in ordinary time; None for what is none."""


@dataclass(slots=True)
class Scene:
    """One trouble while it is lived. Build it with ``scene_of``."""

    trouble: Trouble
    cast: frozenset[str]
    estate: Estate
    writer: Writer
    counter: Counter
    ends: Micros
    now: Micros
    _shift: dict[tuple[str, str], float] = field(default_factory=dict)

    def next(self) -> Micros | None:
        """Return when it is to be looked at next; None when it is over."""
        if self.now >= self.ends:
            return None
        close = any(
            one - LEAD <= self.now < one + _NEAR for one in (self.trouble.begins, self.trouble.ends)
        )
        return min(self.now + (_CLOSE if close else _FAR), self.ends)

    def advance(self, until: Micros) -> Sequence[Packet]:
        """Live until then; return what is sent."""
        messages = [self._go_on(one) for one in self.estate.advance(until)]
        self.now = until
        return tuple(self.writer.packets(messages)) if messages else ()

    def _go_on(self, message: Message) -> Message:
        """Let counters go on from where they were."""
        shifted = {
            name: value + by
            for name, value in message.points.items()
            if isinstance(value, int | float)
            and not isinstance(value, bool)
            and (by := self._by(message.equipment, name, value))
        }
        return replace(message, points={**message.points, **shifted}) if shifted else message

    def _by(self, equipment: str, point: str, value: float) -> float:
        key = equipment, point
        if key not in self._shift:
            before = self.counter(equipment, point)
            # A whole number, so that a counter keeps its decimals.
            self._shift[key] = 0 if before is None else round(before - value)
        return self._shift[key]


def scene_of(
    trouble: Trouble,
    ledger: SiteLedger,
    classes: Mapping[str, EquipmentClass],
    counter: Counter,
    *,
    number: int,
    rate: float,
) -> Scene:
    """Set the stage for a trouble; ``number`` tells scenes apart, ``rate`` how fast time runs."""
    start = trouble.begins - LEAD
    cast = cast_of(ledger, trouble.injection.equipment)
    estate = estate_of(
        replace(
            ledger,
            equipment={id_: one for id_, one in ledger.equipment.items() if id_ in cast},
            linkage=(),
        ),
        classes,
        start=start,
        seed=number,
        changes=_changes(trouble),
    )
    estate.set_rate(classes, rate)
    return Scene(
        trouble=trouble,
        cast=cast,
        estate=estate,
        writer=Writer(ledger.site.id, f"p{number}"),
        counter=counter,
        ends=trouble.ends + AFTER,
        now=start,
    )


def _changes(trouble: Trouble) -> Iterator[Change]:
    yield Change(trouble.begins, trouble.injection, on=True)
    yield Change(trouble.ends, trouble.injection, on=False)
