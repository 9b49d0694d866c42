"""Messages as bytes: the native JSON of a device, with its counters.

Each topic kind counts its own ``seq``; ``boot`` tells one run from the next; events carry ids.
Several messages of one device and kind travel as one array, each row with its own time and number.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from gengfu.core.batch import TopicKind
from simulators.estate.report import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """What goes to the broker. ``events`` are the ids it carries, to be resent until acknowledged."""

    equipment: str
    topic: str
    payload: bytes
    retain: bool = False
    events: tuple[str, ...] = ()


REMEMBERED = 40
"""How many packets of a device somebody who listens could publish once more."""


@dataclass(slots=True)
class Writer:
    """Writes the messages of one site's devices, counting for each of them."""

    site: str
    boot: str
    root: str = "gf"
    _counts: dict[tuple[str, TopicKind, str], int] = field(default_factory=lambda: defaultdict(int))
    _last: dict[str, deque[Packet]] = field(default_factory=dict)

    def packets(self, messages: Sequence[Message]) -> Iterator[Packet]:
        """Yield one packet for each device and kind; what explains comes before what it explains.

        A card goes before the door that it opened: a reader who takes packets one by one must not
        see a door open without leave.
        """
        bundles: dict[tuple[str, TopicKind], list[Message]] = {}
        for message in messages:
            bundles.setdefault((message.equipment, message.kind), []).append(message)
        for (equipment, kind), bundle in sorted(bundles.items(), key=_turn):
            if kind is TopicKind.STATUS:
                for one in bundle:
                    yield self._packet(equipment, kind, [self._row(one)], retain=True)
                continue
            yield from [
                packet for one in bundle if one.again for packet in self._last.get(equipment, ())
            ]
            fresh = [one for one in bundle if not one.again]
            rows = [(self._row(one), one.lost) for one in fresh]  # what is lost was counted too
            if arriving := [row for row, lost in rows if not lost]:
                packet = self._packet(equipment, kind, arriving)
                self._last.setdefault(equipment, deque(maxlen=REMEMBERED)).append(packet)
                yield packet

    def will(self, equipment: str) -> Packet:
        """Return what the broker says when a device is cut off; its time is that of receipt."""
        return Packet(
            equipment=equipment,
            topic=self._topic(equipment, TopicKind.STATUS),
            payload=msgspec.json.encode({"online": False}),
            retain=True,
        )

    def _packet(
        self,
        equipment: str,
        kind: TopicKind,
        rows: Sequence[dict[str, object]],
        *,
        retain: bool = False,
    ) -> Packet:
        body = rows[0] if len(rows) == 1 else rows
        return Packet(
            equipment=equipment,
            topic=self._topic(equipment, kind),
            payload=msgspec.json.encode(body),
            retain=retain,
            events=tuple(str(row["id"]) for row in rows if kind is TopicKind.EVENT),
        )

    def _topic(self, equipment: str, kind: TopicKind) -> str:
        return f"{self.root}/{self.site}/{equipment}/up/{kind}"

    def _row(self, message: Message) -> dict[str, object]:
        boot = f"{self.boot}-forged" if message.forged else self.boot
        key = message.equipment, message.kind, boot
        self._counts[key] += 1
        seq = self._counts[key]
        stamp: dict[str, object] = {"ts": message.at // 1000, "seq": seq, "boot": boot}
        if message.happening is not None:
            event = message.happening
            part = {"part": event.part} if event.part is not None else {}
            named = {"id": f"{boot}-{seq}", "type": event.type, **part}
            return {**stamp, **named, "attributes": event.attributes}
        if message.online is not None:
            return {"online": message.online, "ts": stamp["ts"]}
        return {**stamp, "points": message.points}


_TURNS = {TopicKind.EVENT: 1, TopicKind.VITAL: 2, TopicKind.TELEMETRY: 3}


def _turn(bundle: tuple[tuple[str, TopicKind], Sequence[Message]]) -> tuple[str, int]:
    """Return when it is a bundle's turn: coming on line first, going off line last."""
    (equipment, kind), messages = bundle
    return equipment, _TURNS.get(kind, 0 if messages[-1].online else 4)
