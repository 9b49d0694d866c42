"""Tasmota's topics. The base is the device's own FullTopic setting, ``%prefix%/%topic%``.

``Time`` names no zone: without one in the mapping the time of receipt counts. What RF and IR
receivers hear comes on ``tele/…/RESULT``. ``stat/…/POWER`` repeats what ``stat/…/RESULT`` says
(where ``SetOption4`` is 0) and is not listened to.
Source: tasmota.github.io/docs/MQTT, /RF-Protocol, /DeepSleep.
"""

from collections.abc import Sequence

from gateway.codecs.spoken import (
    Format,
    Spoken,
    Stateless,
    Utterance,
    flatten,
    presence_of,
    read_object,
)
from gateway.decoded import RawMessage, Rejected
from gengfu.core.clock import HOUR
from gengfu.core.record import RejectReason

_DEFAULT = "%prefix%/%topic%"
_HEARD = (
    ("tele", "LWT"),
    ("tele", "STATE"),
    ("tele", "SENSOR"),
    ("tele", "RESULT"),
    ("stat", "RESULT"),
)
_ASLEEP = b"DeepSleep"
"""A last word that is no farewell: it wakes by itself, and its class says how long it may be silent."""


def filters(base: str, device: str) -> Sequence[str]:
    """Return the topics on which a device speaks."""
    full = base.rstrip("/").replace("%topic%", device)
    return tuple(f"{full.replace('%prefix%', prefix)}/{last}" for prefix, last in _HEARD)


def read(message: RawMessage, base: str) -> Spoken:
    """Read a device's telemetry, result or last will."""
    device = _device(message.topic, base)
    if device is None:
        return (Rejected(RejectReason.BAD_TOPIC, f"is not {base}/…"),)
    if message.topic.endswith("/LWT"):
        return () if message.payload == _ASLEEP else presence_of(device, message)
    content = read_object(message)
    if isinstance(content, Rejected):
        return (content,)
    time = content.pop("Time", None)
    fields = flatten(content)
    if isinstance(fields, Rejected):
        return (fields,)
    return (Utterance(device=device, fields=fields, ts=time),)


def _device(topic: str, base: str) -> str | None:
    """Return the device's name: what stands in a topic where its base says ``%topic%``."""
    for prefix in ("tele", "stat"):
        before, found, after = base.rstrip("/").replace("%prefix%", prefix).partition("%topic%")
        name = topic.rpartition("/")[0]
        if found and name.startswith(before) and name.endswith(after):
            device = name[len(before) : len(name) - len(after)]
            if device:
                return device
    return None


TASMOTA = Format(
    name="tasmota",
    base=_DEFAULT,
    filters=filters,
    takes_base=lambda base: "%prefix%" in base and "%topic%" in base,
    vouched_for=HOUR,  # the longest TelePeriod
    open=lambda _devices: Stateless(read),
    anything=("tele/#", "stat/#"),
    recognise=lambda topic: (
        _DEFAULT
        if any(topic.startswith(f"{one}/") and topic.endswith(f"/{last}") for one, last in _HEARD)
        else None
    ),
)
