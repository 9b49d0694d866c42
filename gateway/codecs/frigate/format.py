"""Frigate's topics. A device is a camera; the recorder itself is the device ``available``.

An object that was seen is the field ``events.LABEL`` with an id of its own, however often Frigate
updates it. Names of faces and number plates (``sub_label``) are not taken: people's data.
Source: docs.frigate.video, "MQTT".
"""

from collections.abc import Iterator, Mapping, Sequence

from gateway.codecs.spoken import (
    Format,
    Spoken,
    Stateless,
    Utterance,
    below,
    flatten,
    presence_of,
    read_loosely,
    read_object,
    starts_with,
)
from gateway.decoded import RawMessage, Rejected
from gengfu.core.clock import HOUR
from gengfu.core.naming import Scalar
from gengfu.core.record import RejectReason

RECORDER = "available"


def filters(base: str, device: str) -> Sequence[str]:
    """Return the topics that tell of a camera, or of the recorder."""
    if device == RECORDER:
        return (f"{base}/available", f"{base}/stats")
    return (f"{base}/{device}/+", f"{base}/events", f"{base}/stats")


def read(message: RawMessage, base: str) -> Spoken:
    """Read the recorder's presence and figures, what was seen, or a camera's single value."""
    name = below(base, message.topic) or ""
    if name == RECORDER:
        return presence_of(RECORDER, message)
    if name == "events":
        return _seen(read_object(message))
    if name == "stats":
        return tuple(_figures(read_object(message)))
    camera, _, field = name.partition("/")
    if not field or "/" in field or not message.payload:
        return ()
    content = read_loosely(message)
    fields = content if isinstance(content, Rejected) else flatten({field: content})
    return (fields,) if isinstance(fields, Rejected) else (Utterance(device=camera, fields=fields),)


def _seen(content: Mapping[str, object] | Rejected) -> Spoken:
    """Read a tracked object: once it is no false positive it is an occurrence with its own id."""
    if isinstance(content, Rejected):
        return (content,)
    after = content.get("after")
    if not isinstance(after, dict):
        return (Rejected(RejectReason.WRONG_SHAPE, "the event has no after"),)
    camera, label, id_ = (after.get(key) for key in ("camera", "label", "id"))
    if not (isinstance(camera, str) and isinstance(label, str) and isinstance(id_, str)):
        return (Rejected(RejectReason.WRONG_SHAPE, "the event lacks camera, label or id"),)
    if after.get("false_positive"):
        return ()
    return (
        Utterance(
            device=camera,
            fields={f"events.{label}": "seen"},
            ts=_millis(after.get("start_time")),
            id=id_,
            attributes=_attributes(after),
        ),
    )


def _attributes(after: Mapping[str, object]) -> Mapping[str, Scalar]:
    zones, score = after.get("entered_zones"), after.get("top_score")
    found: dict[str, Scalar] = {}
    if isinstance(zones, list) and zones:
        found["zones"] = ", ".join(str(zone)[:64] for zone in zones[:8])
    if isinstance(score, float) and 0 <= score <= 1:
        found["score"] = round(score, 3)
    return found


def _figures(content: Mapping[str, object] | Rejected) -> Iterator[Utterance | Rejected]:
    """Yield each camera's figures, and the recorder's own."""
    if isinstance(content, Rejected):
        yield content
        return
    cameras = content.get("cameras")
    for camera, figures in cameras.items() if isinstance(cameras, dict) else ():
        fields = flatten(figures)
        yield fields if isinstance(fields, Rejected) else Utterance(device=camera, fields=fields)
    service = flatten({"service": content.get("service", {})})
    yield service if isinstance(service, Rejected) else Utterance(device=RECORDER, fields=service)


def _millis(seconds: object) -> object:
    return seconds * 1000.0 if isinstance(seconds, float) else seconds


FRIGATE = Format(
    name="frigate",
    base="frigate",
    filters=filters,
    vouched_for=HOUR,
    open=lambda _devices: Stateless(read),
    anything=("frigate/#",),
    recognise=starts_with("frigate"),
)
