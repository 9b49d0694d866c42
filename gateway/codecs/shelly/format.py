"""Shelly's topics. The device is its topic prefix: ``shellyplus1-a8032ab1``, ``shellies/shelly1-1A2B``.

First generation: a topic for each value, ``shellies/ID/relay/0/power``, whose field is
``relay.0.power``. A relay that says ``overpower`` has switched off, and says why. The last push of
a button is told again with every update, every 30 s: it is news when its count is another than
before. Later ones: JSON on ``PREFIX/events/rpc`` (and ``PREFIX/status/…`` when switched
on), whose fields are ``switch:0.apower``; a push of a button is the text field ``input:0.event``.
Source: shelly-api-docs.shelly.cloud, gen1 MQTT and gen2 "Notifications".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.codecs.spoken import (
    Fields,
    Format,
    Spoken,
    Stateless,
    Utterance,
    flatten,
    presence_of,
    read_loosely,
    read_object,
)
from gateway.codecs.unix_time import millis
from gateway.decoded import RawMessage, Rejected
from gengfu.core.clock import HOUR
from gengfu.core.record import RejectReason

_FIRST = "shellies/"
_SILENT = ("command", "announce", "info", "set")
"""First-generation topics that say nothing of the equipment."""
_RELAY = re.compile(r"relay/\d{1,2}")
_PUSH = re.compile(r"input_event/\d{1,2}")


def filters(base: str, device: str) -> Sequence[str]:
    """Return the topics on which a device speaks."""
    prefix = f"{base}/{device}" if base else device
    if prefix.startswith(_FIRST):
        return (f"{prefix}/#",)
    return (f"{prefix}/online", f"{prefix}/events/rpc", f"{prefix}/status/+")


@dataclass(slots=True)
class Shellies:
    """Reads the devices of all generations; remembers the last push of each first-generation button."""

    _pushes: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Topic → what was pushed, and the how manieth push that was."""

    def read(self, message: RawMessage, base: str) -> Spoken:
        """Read a value, a notification or the last will of a device of any generation."""
        topic = message.topic.removeprefix(base + "/") if base else message.topic
        if topic.endswith("/events/rpc"):
            return tuple(_notified(message, topic.removesuffix("/events/rpc")))
        device, status, component = topic.rpartition("/status/")
        if status and "/" not in component and not topic.startswith(_FIRST):
            return _said(device, read_object(message), component)
        if topic.startswith(_FIRST):
            return self._read_first(message, topic)
        if topic.endswith("/online"):
            return presence_of(topic.removesuffix("/online"), message)
        return (Rejected(RejectReason.BAD_TOPIC, "is no topic of a Shelly"),)

    def _read_first(self, message: RawMessage, topic: str) -> Spoken:
        """Read a first-generation topic: ``shellies/ID/COMPONENT/NUMBER/VALUE``."""
        family, _, rest = topic.partition("/")
        id_, _, field = rest.partition("/")
        device = f"{family}/{id_}"
        if field == "online":
            return presence_of(device, message)
        if not field or not message.payload or field.rpartition("/")[2] in _SILENT:
            return ()
        name, content = field.replace("/", "."), read_loosely(message)
        if _RELAY.fullmatch(field) and isinstance(content, str):
            return (Utterance(device=device, fields=_relay(name, content)),)
        if _PUSH.fullmatch(field) and isinstance(content, dict):
            return _said(device, self._pushed(message, content), name)
        return _said(device, content, name)

    def _pushed(self, message: RawMessage, content: Mapping[str, object]) -> Mapping[str, object]:
        """Return what is told of a button, without its push when that is no news.

        What is heard first, or was kept, may be of any age. Without a count nobody knows.
        """
        event, count = content.get("event"), content.get("event_cnt")
        if not isinstance(event, str) or not isinstance(count, int):
            return content
        before, now = self._pushes.get(message.topic), (event[:16], count)
        self._pushes[message.topic] = now
        if before not in (None, now) and not message.retained:
            return content
        return {name: one for name, one in content.items() if name != "event"}


def _relay(name: str, word: str) -> Fields:
    is_tripped = word == "overpower"
    return {name: "off" if is_tripped else word, f"{name}.overpower": is_tripped}


def _notified(message: RawMessage, device: str) -> Iterator[Utterance | Rejected]:
    """Yield what a later device notifies of: changed values, or things that happened."""
    content = read_object(message)
    if isinstance(content, Rejected):
        yield content
        return
    params = content.get("params")
    if not isinstance(params, dict):
        yield Rejected(RejectReason.WRONG_SHAPE, "the notification has no params")
        return
    ts = millis(params.pop("ts", None))
    happened = params.pop("events", None)
    for one in happened if isinstance(happened, list) else ():
        if isinstance(one, dict):
            yield from _happened(device, one, ts)
        else:
            yield Rejected(RejectReason.WRONG_SHAPE, "is no event")
    yield from _said(device, params, "", ts)


def _happened(device: str, event: Mapping[str, object], ts: object) -> Iterator[Utterance]:
    component, what = event.get("component"), event.get("event")
    if isinstance(component, str) and isinstance(what, str):
        own = millis(event.get("ts"))
        yield Utterance(
            device=device, fields={f"{component}.event": what}, ts=ts if own is None else own
        )


def _said(device: str, content: object, name: str, ts: object = None) -> Spoken:
    """Return the fields of one component, or of all."""
    fields = content if isinstance(content, Rejected) else flatten(content)
    if isinstance(fields, Rejected):
        return (fields,)
    if name:
        fields = _under(name, fields)
    return (Utterance(device=device, fields=fields, ts=ts),) if fields else ()


def _under(name: str, fields: Fields) -> Fields:
    return {name if key == "value" else f"{name}.{key}": one for key, one in fields.items()}


def _is_prefix(name: str) -> bool:
    """Tell whether a device can have a topic prefix: not the one that all of an age begin with."""
    levels = name.split("/")
    return all(levels) and (levels[0] != _FIRST[:-1] or len(levels) == 2)


def _recognise(topic: str) -> str | None:
    """Notifications are Shelly's under any name; what else it says is, where it kept its own."""
    later = topic.startswith("shelly") and (topic.endswith("/online") or "/status/" in topic)
    is_shelly = topic.startswith(_FIRST) or topic.endswith("/events/rpc") or later
    return "" if is_shelly else None


SHELLY = Format(
    name="shelly",
    base="",
    filters=filters,
    takes_device=_is_prefix,
    like="PREFIX or shellies/ID",
    vouched_for=25 * HOUR,
    open=lambda _devices: Stateless(Shellies().read),
    anything=("shellies/#", "+/online", "+/events/rpc", "+/status/+"),
    recognise=_recognise,
)
