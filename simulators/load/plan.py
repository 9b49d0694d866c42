"""What a load generator sends, and when: decided beforehand, whatever the other side does (open loop).

Pure: the n-th message is due n / rate seconds after the start. Late ones bear a time of hours ago,
duplicates are the same bytes once more, and a message out of order is held back until its own device's
next one is gone: one that another device overtakes is still in order to whoever hears it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random

import msgspec

from gengfu.core.batch import TopicKind
from gengfu.core.clock import HOUR, SECOND, Micros
from simulators.load.shape import Shape

ROWS = 10
"""Rows of a message that carries several."""
LATEST: Micros = 6 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to send. ``points`` by equipment; shares between 0 and 1."""

    site: str
    points: Mapping[str, Sequence[str]]
    events: Mapping[str, str] = field(default_factory=dict)
    """By equipment: the type of event that it tells; those without one tell readings."""
    rate: float
    shape: Shape = Shape.OBJECT
    late: float = 0.0
    duplicate: float = 0.0
    disorder: float = 0.0
    """The share that its device's next message overtakes: a half is the most there can be."""
    seed: int = 1
    root: str = "gf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One message. ``due_s`` counts from the start."""

    due_s: float
    equipment: str
    topic: str
    payload: bytes
    values: int
    """How many values, or events, it carries."""
    seq: int
    """The device's own count: the same again in a duplicate, less than before when out of order."""
    is_late: bool


def shots(load: Load, start: Micros, boot: str) -> Iterator[Shot]:
    """Yield messages without end, in the order in which they go out, round by round of devices.

    A message's time is when it was made, which is when it is due, or was due before it was held back.
    """
    rng = Random(f"{load.seed}/load")
    held: dict[str, Shot] = {}
    devices, number = tuple(load.points), 0
    chance = load.disorder / max(load.disorder, 1 - load.disorder)  # who waits is not asked again
    for turn in count():
        equipment = devices[turn % len(devices)]
        waiting = held.pop(equipment, None)
        holds = waiting is None and rng.random() < chance
        # Half a turn earlier: with one device, the next is made in the same turn.
        at = start + round((number - 0.5 * holds) / load.rate * SECOND)
        shot = _message(load, rng, equipment, at, turn // len(devices) + 1, boot)
        if holds:
            held[equipment] = shot
            continue
        for one in (shot,) if waiting is None else (shot, waiting):
            for _ in range(1 + (rng.random() < load.duplicate)):
                yield replace(one, due_s=number / load.rate)
                number += 1


def _message(load: Load, rng: Random, equipment: str, at: Micros, seq: int, boot: str) -> Shot:
    stamp = {"seq": seq, "boot": boot}
    is_late = rng.random() < load.late
    if is_late:
        at -= round(rng.uniform(0.1, 1.0) * LATEST)
    points = load.points[equipment]
    kind, values = TopicKind.TELEMETRY, len(points)
    body: object
    times = [at // 1000 - 100 * back for back in range(ROWS - 1, -1, -1)]
    type_ = load.events.get(equipment)
    match load.shape:
        case Shape.EVENT if type_ is not None:
            kind, values = TopicKind.EVENT, 1
            body = {"ts": at // 1000, **stamp, "id": f"{boot}-{seq}", "type": type_}
        case Shape.ARRAY:
            values *= ROWS
            body = [
                {"ts": time, "seq": ROWS * seq + row, "boot": boot, "points": _values(points, rng)}
                for row, time in enumerate(times)
            ]
        case Shape.COLUMNS:
            values *= ROWS
            columns = {one: [_value(rng) for _ in times] for one in points}
            body = {"ts": times, **stamp, "points": columns}
        case _:
            body = {"ts": at // 1000, **stamp, "points": _values(points, rng)}
    return Shot(
        due_s=0.0,
        equipment=equipment,
        topic=f"{load.root}/{load.site}/{equipment}/up/{kind}",
        payload=msgspec.json.encode(body),
        values=values,
        seq=seq,
        is_late=is_late,
    )


def _values(points: Sequence[str], rng: Random) -> dict[str, float]:
    return {one: _value(rng) for one in points}


def _value(rng: Random) -> float:
    return round(rng.uniform(0.0, 100.0), 3)
