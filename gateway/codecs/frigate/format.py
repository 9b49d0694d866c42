"""Frigate's topics. A device is a camera or a zone; the recorder itself is the device ``available``.

An object that was seen is the field ``events.LABEL`` with an id of its own, however often Frigate
updates it. Names of faces and number plates (``sub_label``) are not taken: people's data.

A camera is there when Frigate's ffmpeg processes have run without a break for a while: ``online`` is
said of each new process before it has got a picture, so a dead camera is told to be online and
offline in turn, as often as it is tried again.
Source: docs.frigate.video, "MQTT"; ``frigate/video.py``, class CameraWatchdog.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.codecs.spoken import (
    Format,
    Presence,
    Spoken,
    Stateless,
    Utterance,
    below,
    flatten,
    read_loosely,
    read_object,
    starts_with,
)
from gateway.codecs.unix_time import millis
from gateway.decoded import RawMessage, Rejected
from gengfu.core.clock import HOUR, SECOND, Micros
from gengfu.core.naming import Scalar
from gengfu.core.record import RejectReason

RECORDER = "available"
STEADY: Micros = 25 * SECOND
"""How long a camera must be told to be online without a break: Frigate waits 20 s for a picture."""
_ONLINE = "online"
_NO_CAMERAS = ("events", "stats")
_WATCHED = ("detect", "record")
"""The roles whose processes are the camera's presence."""


def filters(base: str, device: str) -> Sequence[str]:
    """Return the topics that tell of a camera, or of the recorder."""
    recorder = (f"{base}/{RECORDER}", f"{base}/stats")
    if device == RECORDER:
        return recorder
    return (f"{base}/{device}/+", f"{base}/{device}/status/+", f"{base}/events", *recorder)


@dataclass(slots=True)
class Cameras:
    """Reads Frigate's messages; remembers since when its cameras are told to be online."""

    _online_since: dict[tuple[str, str], Micros] = field(default_factory=dict)
    """(base, camera) → when that was said first."""

    def read(self, message: RawMessage, base: str) -> Spoken:
        """Read presences, figures, what was seen, or a camera's single value."""
        name = below(base, message.topic) or ""
        if name == RECORDER:
            return self._recorder(message, base)
        if name == "events":
            return _seen(read_object(message))
        if name == "stats":
            return tuple(_figures(read_object(message)))
        camera, _, told = name.partition("/")
        if told.startswith("status/"):
            return self._status(message, base, camera, told.removeprefix("status/"))
        if not told or "/" in told:
            return ()
        return _said(message, camera, told)

    def _recorder(self, message: RawMessage, base: str) -> Spoken:
        """Read whether the recorder is there: whatever is not ``online`` says that it is not."""
        word = _word(message)
        if not isinstance(word, str):
            return () if word is None else (word,)
        if word != _ONLINE:
            for one in [one for one in self._online_since if one[0] == base]:
                del self._online_since[one]
        presence = Presence.ONLINE if word == _ONLINE else Presence.OFFLINE
        return (Utterance(device=RECORDER, presence=presence),)

    def _status(self, message: RawMessage, base: str, camera: str, role: str) -> Spoken:
        """Read whether a camera's process of one role runs."""
        word = _word(message)
        if not isinstance(word, str):
            return () if word is None else (word,)
        presence = self._presence(word, (base, camera), message) if role in _WATCHED else None
        return (Utterance(device=camera, fields={f"status.{role}": word}, presence=presence),)

    def _presence(self, word: str, camera: tuple[str, str], message: RawMessage) -> Presence | None:
        if word != _ONLINE:
            self._online_since.pop(camera, None)
            return Presence.OFFLINE
        now = message.received_at
        since = self._online_since.setdefault(camera, now)
        return Presence.ONLINE if now - since >= STEADY else None


def _word(message: RawMessage) -> str | Rejected | None:
    """Return a message's one word; None = none, which takes a retained one back."""
    if not message.payload:
        return None
    content = read_loosely(message)
    if isinstance(content, str):
        return content.lower()
    if isinstance(content, Rejected):
        return content
    return Rejected(RejectReason.UNKNOWN_WORD, "is no word that tells a state")


def _said(message: RawMessage, camera: str, name: str) -> Spoken:
    if not message.payload:
        return ()
    content = read_loosely(message)
    fields = content if isinstance(content, Rejected) else flatten({name: content})
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
            ts=millis(after.get("start_time")),
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
    for camera, figures in _cameras(content):
        fields = flatten(figures)
        yield fields if isinstance(fields, Rejected) else Utterance(device=camera, fields=fields)
    service = flatten({"service": content.get("service", {})})
    yield service if isinstance(service, Rejected) else Utterance(device=RECORDER, fields=service)


def _cameras(content: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the cameras' figures; before 0.13 they stood beside those of the service."""
    cameras = content.get("cameras")
    if isinstance(cameras, dict):
        yield from cameras.items()
    elif "cameras" not in content:
        for name, one in content.items():
            if isinstance(one, dict) and "camera_fps" in one:
                yield name, one


FRIGATE = Format(
    name="frigate",
    base="frigate",
    filters=filters,
    takes_device=lambda name: "/" not in name and name not in _NO_CAMERAS,
    like="CAMERA, ZONE or available",
    vouched_for=HOUR,
    speaker=RECORDER,
    open=lambda _devices: Stateless(Cameras().read),
    anything=("frigate/#",),
    recognise=starts_with("frigate"),
)
