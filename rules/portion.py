"""A record in portions: so that one item that cannot be judged does not take its neighbours along.

Of events each is a portion, of readings each equipment's; anything else is one portion.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gengfu.core.batch import Event, ReadingBatch
from gengfu.core.names import Names, PointKind, PointName
from gengfu.core.naming import Scalar
from gengfu.core.record import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a portion is about, for a person."""

    site: str = ""
    equipment: str = ""
    equipment_class: str = ""
    what: str
    """An event's type, the points of readings, or the record's kind."""


def portions(body: Body) -> Iterator[tuple[int, Body]]:
    """Yield a record's portions with their numbers, which depend on nothing but the record."""
    if isinstance(body, ReadingBatch):
        for number in np.unique(body.equipment).tolist():
            yield number, body.where(body.equipment == number)
    elif isinstance(body, tuple) and body and isinstance(body[0], Event):
        for number, event in enumerate(body):
            yield number, (event,)
    else:
        yield 0, body


def portion(body: Body, number: int) -> Body | None:
    """Return one portion; None when the record has none of that number."""
    return dict(portions(body)).get(number)


def without(body: Body, numbers: Collection[int]) -> Body | None:
    """Return a record without some portions; None when nothing is left."""
    if isinstance(body, ReadingBatch):
        kept = ~np.isin(body.equipment, list(numbers))
        return body.where(kept) if kept.any() else None
    if isinstance(body, tuple) and body and isinstance(body[0], Event):
        return tuple(one for n, one in enumerate(body) if n not in numbers) or None
    return None if 0 in numbers else body


def label(body: Body, kind: str, names: Names) -> Label:
    """Return what a portion is about; ``kind`` is what it is called when it is about no equipment."""
    if isinstance(body, ReadingBatch):
        points = dict.fromkeys(names.points[index].point for index in body.point.tolist())
        return _of(names, int(body.equipment[0]), ", ".join(points))
    if isinstance(body, tuple) and body and isinstance(body[0], Event):
        return _of(names, body[0].equipment, body[0].type)
    return Label(what=kind)


def as_said(body: Body, names: Names) -> dict[str, Scalar | dict[str, Scalar]]:
    """Return a portion as its device could have said it (docs/devices.md): for a person to read."""
    if isinstance(body, ReadingBatch):
        points = [names.points[index] for index in body.point.tolist()]
        values = {
            point.point: _plain(point, value, body.texts)
            for point, value in zip(points, body.value.tolist(), strict=True)
        }
        return {"ts": int(body.observed_at[-1]) // 1000, "points": values}
    if isinstance(body, tuple) and body and isinstance(body[0], Event):
        event = body[0]
        return {
            "id": event.id,
            "ts": event.observed_at // 1000,
            "type": event.type,
            "part": event.part,
            "attributes": dict(event.attributes),
        }
    return {}


def _plain(point: PointName, value: float, texts: Sequence[str]) -> Scalar:
    words = texts if point.kind is PointKind.TEXT else point.words
    if math.isnan(value):
        return None
    return words[int(value)] if 0 <= value < len(words) else value


def _of(names: Names, equipment: int, what: str) -> Label:
    name = names.equipment[equipment]
    return Label(
        site=name.site,
        equipment=name.equipment,
        equipment_class=name.equipment_class,
        what=what[:128],
    )
