"""Shelly's topics. The device is its topic prefix: ``shellyplus1-a8032ab1``, ``shellies/shelly1-1A2B``.

First generation: a topic for each value, ``shellies/ID/relay/0/power``, whose field is
``relay.0.power``. Later ones: JSON on ``PREFIX/events/rpc`` (and ``PREFIX/status/…`` when switched
on), whose fields are ``switch:0.apower``; a push of a button is the text field ``input:0.event``.
Source: shelly-api-docs.shelly.cloud, gen1 MQTT and gen2 "Notifications".
"""

from collections.abc import Iterator, Mapping, Sequence

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
from gateway.decoded import RawMessage, Rejected
from gengfu.core.clock import HOUR
from gengfu.core.record import RejectReason

_FIRST = "shellies/"
_SILENT = ("command", "announce", "info", "set")
"""First-generation topics that say nothing of the equipment."""


def filters(base: str, device: str) -> Sequence[str]:
    """Return the topics on which a device speaks."""
    prefix = f"{base}/{device}" if base else device
    if prefix.startswith(_FIRST):
        return (f"{prefix}/#",)
    return (f"{prefix}/online", f"{prefix}/events/rpc", f"{prefix}/status/+")


def read(message: RawMessage, base: str) -> Spoken:
    """Read a value, a notification or the last will of a device of any generation."""
    topic = message.topic.removeprefix(base + "/") if base else message.topic
    if topic.endswith("/events/rpc"):
        return tuple(_notified(message, topic.removesuffix("/events/rpc")))
    device, status, component = topic.rpartition("/status/")
    if status and "/" not in component and not topic.startswith(_FIRST):
        return _said(device, read_object(message), component)
    if topic.startswith(_FIRST):
        return _read_first(message, topic)
    if topic.endswith("/online"):
        return presence_of(topic.removesuffix("/online"), message)
    return (Rejected(RejectReason.BAD_TOPIC, "is no topic of a Shelly"),)


def _read_first(message: RawMessage, topic: str) -> Spoken:
    """Read a first-generation topic: ``shellies/ID/COMPONENT/NUMBER/VALUE``."""
    family, _, rest = topic.partition("/")
    id_, _, field = rest.partition("/")
    device = f"{family}/{id_}"
    if field == "online":
        return presence_of(device, message)
    if not field or not message.payload or field.rpartition("/")[2] in _SILENT:
        return ()
    return _said(device, read_loosely(message), field.replace("/", "."))


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
    ts = _millis(params.pop("ts", None))
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
        own = _millis(event.get("ts"))
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


def _millis(seconds: object) -> object:
    """Return seconds since 1970 in milliseconds; what is no number stays what it is."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return seconds
    return seconds * 1000.0 if isinstance(seconds, float) else seconds * 1000


def _recognise(topic: str) -> str | None:
    later = topic.endswith(("/online", "/events/rpc")) or "/status/" in topic
    return "" if topic.startswith(_FIRST) or (later and topic.startswith("shelly")) else None


SHELLY = Format(
    name="shelly",
    base="",
    filters=filters,
    vouched_for=25 * HOUR,
    open=lambda _devices: Stateless(read),
    anything=("shellies/#", "+/online", "+/events/rpc", "+/status/+"),
    recognise=_recognise,
)
