"""ChirpStack v4's integration events. The device is ``APPLICATION/EUI``; fields are ``object``'s.

``deduplicationId`` is one for an uplink however often it is delivered.
Source: chirpstack.io, "MQTT integration" and "Event types".
"""

from collections.abc import Mapping, Sequence

from gateway.codecs.spoken import (
    Fields,
    Format,
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

_STATUS = ("margin", "externalPowerSource", "batteryLevelUnavailable", "batteryLevel")
_NO_BATTERY = ("externalPowerSource", "batteryLevelUnavailable")


def filters(base: str, device: str) -> Sequence[str]:
    """Return the topics on which a device's uplinks and status come."""
    application, _, eui = device.rpartition("/")
    start = f"{base}/{application}/device/{eui}/event"
    return (f"{start}/up", f"{start}/status")


def read(message: RawMessage, base: str) -> Spoken:
    """Read an uplink's decoded object, or a device's status."""
    levels = (below(base, message.topic) or "").split("/")
    if len(levels) != 5 or levels[1] != "device" or levels[3] != "event":
        return (Rejected(RejectReason.BAD_TOPIC, f"is not {base}/ID/device/EUI/event/KIND"),)
    if levels[4] not in ("up", "status"):
        return ()
    content = read_object(message)
    if isinstance(content, Rejected):
        return (content,)
    fields = _object(content) if levels[4] == "up" else _status(content)
    if isinstance(fields, Rejected):
        return (fields,)
    once = content.get("deduplicationId")
    device = f"{levels[0]}/{levels[2]}"
    key = f"{levels[4]} {once}"[:256] if isinstance(once, str) and once else None
    return (Utterance(device=device, fields=fields, ts=content.get("time"), key=key),)


def _object(content: Mapping[str, object]) -> Fields | Rejected:
    decoded = content.get("object")
    if isinstance(decoded, dict):
        return flatten(decoded)
    if not content.get("data"):
        return {}  # an empty frame: the device only answered
    return Rejected(RejectReason.WRONG_SHAPE, "has no object: give its device profile a codec")


def _status(content: Mapping[str, object]) -> Fields | Rejected:
    """Return a status' figures; on mains, or where it is unknown, ChirpStack writes a battery of 0."""
    told = {name: content[name] for name in _STATUS if name in content}
    if any(content.get(name) is True for name in _NO_BATTERY):
        told["batteryLevel"] = None
    return flatten(told)


CHIRPSTACK = Format(
    name="chirpstack",
    base="application",
    filters=filters,
    like="APPLICATION/EUI",
    levels=(2,),
    open=lambda _devices: Stateless(read),
    anything=("application/+/device/+/event/+",),
    recognise=starts_with("application"),
)
