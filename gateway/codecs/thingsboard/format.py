"""ThingsBoard's MQTT APIs for gateways and for single devices.

On ``v1/gateway/…`` the payload names the devices. On ``v1/devices/me/…`` ThingsBoard tells devices
apart by their access tokens, which no other broker passes on: here that is one device, ``me``, for
each base (Mosquitto's ``mount_point`` gives listeners bases of their own).
Source: thingsboard.io, "MQTT Gateway API" and "MQTT Device API".
"""

from collections.abc import Iterator, Mapping, Sequence

from gateway.codecs.native.text import read as read_json
from gateway.codecs.spoken import (
    Format,
    Presence,
    Spoken,
    Stateless,
    Utterance,
    below,
    flatten,
    read_object,
    starts_with,
)
from gateway.decoded import RawMessage, Rejected
from gengfu.core.record import RejectReason

ME = "me"
_PRESENCE = {"gateway/connect": Presence.ONLINE, "gateway/disconnect": Presence.OFFLINE}


def filters(base: str, device: str) -> Sequence[str]:
    """Return the topics on which a device, or the gateway for it, speaks."""
    if device == ME:
        return (f"{base}/devices/me/telemetry", f"{base}/devices/me/attributes")
    kinds = ("telemetry", "attributes", "connect", "disconnect")
    return tuple(f"{base}/gateway/{kind}" for kind in kinds)


def read(message: RawMessage, base: str) -> Spoken:
    """Read a message of a gateway or of a single device."""
    kind = below(base, message.topic) or ""
    if kind.startswith("devices/me/"):
        content = read_json(message.payload)
        return (content,) if isinstance(content, Rejected) else tuple(_frames(ME, content))
    content = read_object(message)
    if isinstance(content, Rejected):
        return (content,)
    if kind in _PRESENCE:
        return _presence(content, _PRESENCE[kind])
    return tuple(one for name, frames in content.items() for one in _frames(name, frames))


def _presence(content: Mapping[str, object], presence: Presence) -> Spoken:
    device = content.get("device")
    if not isinstance(device, str):
        return (Rejected(RejectReason.WRONG_SHAPE, "names no device"),)
    return (Utterance(device=device, presence=presence),)


def _frames(device: str, content: object) -> Iterator[Utterance | Rejected]:
    """Yield the frames of one device: values, or values with their time, or a list of either."""
    for frame in content if isinstance(content, list) else (content,):
        if not isinstance(frame, dict):
            yield Rejected(RejectReason.WRONG_SHAPE, f"{device[:64]}: is no object of values")
            continue
        timed = "ts" in frame and isinstance(frame.get("values"), dict)
        fields = flatten(frame["values"] if timed else frame)
        if isinstance(fields, Rejected):
            yield fields
        else:
            yield Utterance(device=device, fields=fields, ts=frame["ts"] if timed else None)


THINGSBOARD = Format(
    name="thingsboard",
    base="v1",
    filters=filters,
    open=lambda _devices: Stateless(read),
    anything=("v1/gateway/+", "v1/devices/me/+"),
    recognise=starts_with("v1"),
)
