"""Events: one or an array. What could be an alarm is kept even when half of it is unreadable.

An event is rejected only when it has no type or names another device. An odd ``part``, ``id`` or
attribute is kept as text as far as it can be.
"""

import math
from collections.abc import Mapping

import msgspec

from gateway.codecs.native import identity
from gateway.codecs.native.notes import Notes, contradiction
from gateway.codecs.native.text import Json
from gateway.codecs.native.times import Belief, observe
from gateway.codecs.native.values import show
from gateway.decoded import Heard, RawMessage, Rejected
from gateway.directory import Target
from gengfu.core.batch import Event, Flag
from gengfu.core.identity import Identified, Identity
from gengfu.core.names import MAX_TEXT, MAX_WHOLE
from gengfu.core.naming import Scalar
from gengfu.core.record import RejectReason

_MOST_ATTRIBUTES = 64


def decode_events(
    content: Json, message: RawMessage, target: Target, belief: Belief
) -> tuple[tuple[Heard, ...], tuple[str | int, ...], Notes]:
    """Turn a message's content into events, and the ids that the device waits for."""
    heard: list[Heard] = []
    answers: list[str | int] = []
    notes = Notes()
    for document in content if isinstance(content, list) else (content,):
        rejected = _refusal(document, target)
        if rejected is None and isinstance(document, dict):
            heard.append(_hear(document, message, target, belief))
        elif rejected is not None:
            notes.reject("", rejected)
        if rejected is None or rejected.reason is not RejectReason.IDENTITY_MISMATCH:
            answers.extend(_awaited(document))
    return tuple(heard), tuple(answers), notes


def _refusal(document: object, target: Target) -> Rejected | None:
    if not isinstance(document, dict):
        return Rejected(RejectReason.WRONG_SHAPE, f"{show(document)} is no event")
    mismatch = contradiction(document, target)
    if mismatch is not None:
        return mismatch
    if _label(document.get("type")) is None:
        return Rejected(RejectReason.WRONG_SHAPE, "the event has no type")
    return None


def _awaited(document: object) -> tuple[str | int, ...]:
    """Return the id that a device resends until it is told that the event is safe."""
    id_ = document.get("id") if isinstance(document, dict) else None
    return (id_,) if isinstance(id_, str | int) and not isinstance(id_, bool) else ()


def _hear(
    document: Mapping[str, object], message: RawMessage, target: Target, belief: Belief
) -> Heard:
    observed = observe(document.get("ts"), message.received_at, belief, retained=message.retained)
    id_ = _id(document.get("id"))
    known_by = _identity(document, target, id_, is_dated=observed.is_believed)
    # What is recognised when it is told again is news the first time, however it came.
    old = message.retained and known_by is None
    event = Event(
        equipment=target.index,
        type=_label(document.get("type")) or "",
        part=_label(document.get("part")),
        id=id_,
        observed_at=observed.at,
        received_at=message.received_at,
        claimed_at=observed.claimed,
        flags=observed.flags | (Flag.RETAINED.value if old else 0),
        attributes=_attributes(document.get("attributes")),
    )
    return Heard(event, known_by)


def _identity(
    document: Mapping[str, object], target: Target, id_: str | None, *, is_dated: bool
) -> Identity | None:
    if id_ is not None:
        return Identified(target.equipment, id_)
    return identity.counted(document, target) or identity.by_content(
        document, target, is_dated=is_dated
    )


def _id(value: object) -> str | None:
    """Return an id as text, a number by its digits; None when there is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return identity.as_id(str(value)) or None


def _label(value: object) -> str | None:
    """Return a type or part as text, as far as it fits; None when there is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).replace("\0", "")[:MAX_TEXT] or None


def _attributes(value: object) -> Mapping[str, Scalar]:
    if not isinstance(value, dict):
        return {} if value is None else {"attributes": _plain(value)}
    return {str(key)[:MAX_TEXT]: _plain(one) for key, one in list(value.items())[:_MOST_ATTRIBUTES]}


def _plain(value: object) -> Scalar:
    """Return an attribute as a scalar that every store holds; anything else as its JSON text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value.replace("\0", "")[:MAX_TEXT]
    if isinstance(value, int) and abs(value) <= MAX_WHOLE:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, float):
        return str(value)
    return msgspec.json.encode(value).decode()[:MAX_TEXT]
