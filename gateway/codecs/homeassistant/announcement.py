"""Read Home Assistant's discovery messages: which topic and field tell what, and of which device.

Nothing is received by them; they say where to listen. A value template is understood when it picks
one field (``{{ value_json.temperature | round(1) }}``); anything more is a program and is not run.
Who announces may name any text as a topic: what is none is refused, after its ``~`` is written out.
Source: home-assistant.io, "MQTT Discovery" (single components, devices, abbreviations).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.codecs.spoken import read_object
from gateway.decoded import RawMessage, Rejected
from gengfu.core.record import RejectReason

PREFIX = "homeassistant"
MOST_COMPONENTS = 500

_SHORT: Mapping[str, tuple[str, ...]] = {
    "state_topic": ("state_topic", "stat_t"),
    "value_template": ("value_template", "val_tpl"),
    "unit": ("unit_of_measurement", "unit_of_meas"),
    "device_class": ("device_class", "dev_cla"),
    "device": ("device", "dev"),
    "components": ("components", "cmps"),
    "platform": ("platform", "p"),
    "name": ("name",),
    "base": ("~",),
}
_INHERITED = ("device", "base", "state_topic")
"""What a component has from its device, where it says nothing of its own."""
_STATELESS = frozenset({"button", "device_automation", "notify", "scene", "tag"})
"""Platforms that tell no state: a state topic that they inherit says nothing of them."""
_LONGEST = 1_024
_PICKS_ONE = re.compile(
    r"\{\{-?\s*value_json((?:\.\w+|\[\s*(?:'[^'\]]+'|\"[^\"\]]+\"|\d+)\s*\])+)\s*(?:\|[^{}*/+-]*)?-?\}\}"
)
_STEP = re.compile(r"\.(\w+)|\[\s*(?:'([^']+)'|\"([^\"]+)\"|(\d+))\s*\]")
_PLAIN = re.compile(r"\{\{-?\s*value\s*(?:\|[^{}*/+-]*)?-?\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """One value that a device announces."""

    device: str
    name: str
    topic: str
    field: str | None
    """As ``spoken.flatten`` calls it; None = the template picks no single field."""
    unit: str = ""
    device_class: str = ""


def read_announcement(message: RawMessage) -> tuple[Announced | Rejected, ...]:
    """Read a discovery message, of one component or of a whole device."""
    if not message.payload:
        return ()  # how an announcement is taken back
    content = read_object(message)
    if isinstance(content, Rejected):
        return (content,)
    components = _get(content, "components")
    if not isinstance(components, dict):
        return tuple(_component(content))
    if len(components) > MOST_COMPONENTS:
        detail = f"more than {MOST_COMPONENTS} components"
        return (Rejected(RejectReason.WRONG_SHAPE, detail),)
    parts = [_part(content, one) for one in components.values() if isinstance(one, dict)]
    return tuple(one for part in parts for one in _component(part))


def _part(device: Mapping[str, object], component: Mapping[str, object]) -> Mapping[str, object]:
    """Return a component with what it has from its device."""
    lacks = [key for key in _INHERITED if _get(component, key) is None]
    if _text(component, "platform") in _STATELESS and "state_topic" in lacks:
        lacks.remove("state_topic")
    names = [name for key in lacks for name in _SHORT[key] if name in device]
    return {**component, **{name: device[name] for name in names}}


def _component(content: Mapping[str, object]) -> Iterator[Announced | Rejected]:
    topic = _get(content, "state_topic")
    if not isinstance(topic, str) or not topic:
        return  # a button, a trigger: nothing that tells a state
    base = _get(content, "base")
    if isinstance(base, str):
        topic = base + topic[1:] if topic.startswith("~") else topic
        topic = topic[:-1] + base if topic.endswith("~") else topic
    if not _is_topic(topic):
        detail = f"announces {topic[:64]!r}, which is no device's topic"
        yield Rejected(RejectReason.BAD_TOPIC, detail)
        return
    yield Announced(
        device=_device_name(content) or topic,
        name=_text(content, "name"),
        topic=topic,
        field=_field(_text(content, "value_template")),
        unit=_text(content, "unit"),
        device_class=_text(content, "device_class"),
    )


def _is_topic(topic: str) -> bool:
    """Tell whether a device can speak on a topic: no filter, none of the broker's own, all text.

    A broker ends the connection of who asks it for control characters.
    """
    is_plain = {"+", "#"}.isdisjoint(topic) and topic.isprintable() and not topic.startswith("$")
    return is_plain and 0 < len(topic) <= _LONGEST


def _field(template: str) -> str | None:
    """Return the field that a template picks; ``value`` when there is none."""
    if not template or _PLAIN.fullmatch(template.strip()):
        return "value"
    found = _PICKS_ONE.fullmatch(template.strip())
    if found is None:
        return None
    return ".".join(next(filter(None, step)) for step in _STEP.findall(found[1]))


def _device_name(content: Mapping[str, object]) -> str:
    device = _get(content, "device")
    if not isinstance(device, dict):
        return ""
    for key in ("name", "identifiers", "ids"):
        value = device.get(key)
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, str) and first:
            return first[:256]
    return ""


def _get(content: Mapping[str, object], key: str) -> object:
    """Return a setting under its long or its short name."""
    return next((content[name] for name in _SHORT[key] if name in content), None)


def _text(content: Mapping[str, object], key: str) -> str:
    value = _get(content, key)
    return value[:256] if isinstance(value, str) else ""
