"""What a load generator sends, and when: decided beforehand, whatever the other side does (open loop).

Pure: the n-th message is due n / rate seconds after the start. Late ones bear a time of hours ago,
duplicates are the same bytes once more, messages out of order change places with the next one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import msgspec

from gengfu.core.batch import TopicKind
from gengfu.core.clock import HOUR, SECOND, Micros
from simulators.load_shape import Shape

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


def shots(load: Load, start: Micros, boot: str) -> Iterator[Shot]:
    """Yield messages without end, in the order in which they go out, round by round of devices."""
    rng = Random(f"{load.seed}/load")
    held: Shot | None = None
    for number, shot in enumerate(_repeated(load, rng, start, boot)):
        due = number / load.rate
        if held is None and rng.random() < load.disorder:
            held = shot
            continue
        yield _at(shot, due - (1 / load.rate if held is not None else 0))
        if held is not None:
            yield _at(held, due)
            held = None


def _at(shot: Shot, due_s: float) -> Shot:
    return Shot(
        due_s=max(0.0, due_s),
        equipment=shot.equipment,
        topic=shot.topic,
        payload=shot.payload,
        values=shot.values,
    )


def _repeated(load: Load, rng: Random, start: Micros, boot: str) -> Iterator[Shot]:
    number = 0
    for shot in _fresh(load, rng, boot, start):
        yield _at(shot, number / load.rate)
        number += 1
        if rng.random() < load.duplicate:
            yield _at(shot, number / load.rate)
            number += 1


def _fresh(load: Load, rng: Random, boot: str, start: Micros) -> Iterator[Shot]:
    """Yield every message once, in order; its time is when it would be due with nothing repeated."""
    devices, turn = tuple(load.points), 0
    while True:
        equipment = devices[turn % len(devices)]
        at = start + round(turn / load.rate * SECOND)
        if rng.random() < load.late:
            at -= round(rng.uniform(0.1, 1.0) * LATEST)
        turn += 1
        yield _message(load, rng, equipment, at, turn // len(devices) + 1, boot)


def _message(load: Load, rng: Random, equipment: str, at: Micros, seq: int, boot: str) -> Shot:
    stamp = {"seq": seq, "boot": boot}
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
    )


def _values(points: Sequence[str], rng: Random) -> dict[str, float]:
    return {one: _value(rng) for one in points}


def _value(rng: Random) -> float:
    return round(rng.uniform(0.0, 100.0), 3)
