"""Zigbee2MQTT's device topics, of versions 1 and 2.

A device is called by its friendly name, which may hold slashes; the bridge itself is the device
``bridge``. ``last_seen``, when the installation has it switched on, is the time of the message.
Source: zigbee2mqtt.io, "MQTT Topics and Messages".
"""

from collections.abc import Sequence

from gateway.codecs.spoken import (
    Format,
    Spoken,
    Stateless,
    Utterance,
    below,
    flatten,
    presence_of,
    read_object,
    starts_with,
)
from gateway.decoded import RawMessage, Rejected
from gengfu.core.clock import HOUR

BRIDGE = "bridge"
_AVAILABILITY = "/availability"
_ORDERS = ("/set", "/get")
_NO_NAMES = (_AVAILABILITY, *_ORDERS)


def filters(base: str, device: str) -> Sequence[str]:
    """Return the topics on which a device and its bridge speak."""
    bridge = f"{base}/{BRIDGE}/state"
    own = () if device == BRIDGE else (f"{base}/{device}", f"{base}/{device}{_AVAILABILITY}")
    return (*own, bridge)


def read(message: RawMessage, base: str) -> Spoken:
    """Read a device's state or availability; what others tell the devices says nothing."""
    name = below(base, message.topic) or ""
    if name.startswith(BRIDGE + "/"):
        return presence_of(BRIDGE, message) if name == f"{BRIDGE}/state" else ()
    if name.endswith(_AVAILABILITY):
        return presence_of(name.removesuffix(_AVAILABILITY), message)
    if not message.payload or name.endswith(_ORDERS):
        return ()
    content = read_object(message)
    if isinstance(content, Rejected):
        return (content,)
    seen = content.pop("last_seen", None)
    fields = flatten(content)
    if isinstance(fields, Rejected):
        return (fields,)
    return (Utterance(device=name, fields=fields, ts=seen),)


ZIGBEE2MQTT = Format(
    name="zigbee2mqtt",
    base="zigbee2mqtt",
    filters=filters,
    vouched_for=25 * HOUR,  # when the bridge takes a battery device that was silent for offline
    speaker=BRIDGE,
    takes_device=lambda name: not name.startswith(BRIDGE + "/") and not name.endswith(_NO_NAMES),
    open=lambda _devices: Stateless(read),
    anything=("zigbee2mqtt/#",),
    recognise=starts_with("zigbee2mqtt"),
)
