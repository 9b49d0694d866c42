"""Read the mapping file that people write: strictly, with all its mistakes at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from gateway import topics
from gateway.codecs.formats import FORMATS
from gateway.codecs.spoken import Format
from gateway.mapping.model import (
    DeviceMapping,
    FieldMapping,
    ForeignMapping,
    ToEvent,
    ToPoint,
)
from gateway.mapping.values import fold
from gengfu.core.batch import Lane
from gengfu.core.errors import BadInput, Fault
from gengfu.core.names import MAX_TEXT
from gengfu.core.naming import is_slug
from gengfu.core.said import Said, said
from gengfu.marked import Page, is_identifier, read_text

_DEVICE_OPTIONS = ("base", "fields", "online", "lane", "zone")
_POINT_KEYS = frozenset({"point", "scale", "offset", "words"})
_EVENT_KEYS = frozenset({"event", "when", "every", "part", "attributes"})
_FIELD_OPTIONS = tuple(sorted((_POINT_KEYS | _EVENT_KEYS | {"equipment"}) - {"point", "event"}))
_UNFIT = frozenset("+#\0")


def load_mapping(file: Path, root: str = topics.DEFAULT_ROOT) -> ForeignMapping:
    """Read a mapping file; ``root`` is where our own topics begin.

    Raises:
        BadInput: all mistakes at once, each with its line.
    """
    return read_mapping(read_text(file), str(file), root)


def read_mapping(text: str, file: str, root: str = topics.DEFAULT_ROOT) -> ForeignMapping:
    """Read a mapping's text.

    Raises:
        BadInput: all mistakes at once, each with its line.
    """
    page = Page(file)
    node = page.root(text)
    found = page.fields(node, required=("devices",), optional=("host",)) if node else {}
    devices = tuple(_device(page, item) for item in page.items(found.get("devices")))
    _find_doubles(page, devices)
    if not page.faults:
        _find_unheard(page, devices, root)
        _find_quarrels(page, devices)
    mapping = ForeignMapping(file=file, devices=devices, host=_host(page, found.get("host")))
    if page.faults:
        raise BadInput(page.faults)
    return mapping


def _device(page: Page, node: yaml.Node) -> DeviceMapping:
    found = _entry(page, node)
    form = _format(page, node, found)
    equipment = _equipment(page, found.get("equipment"))
    device = page.text(found.get(form.name)) if form else ""
    base = page.text(found["base"]) if "base" in found else form.base if form else ""
    for key, text in ((form.name if form else "", device), ("base", base)):
        if key in found and (not text or not _UNFIT.isdisjoint(text)):
            page.fault(
                found[key], said("{!r} can be no part of a topic", text), said("leave out + and #")
            )
    if form and device and not _is_name(form, device):
        page.fault(
            found[form.name],
            said("{!r} is no name of a device", device),
            said("write {}", form.like),
        )
    if form and "base" in found and not form.takes_base(base):
        page.fault(
            found["base"],
            said("no {} device speaks there", form.name),
            said("usual: {}", form.base),
        )
    fields = {
        name: _field(page, name, one, equipment)
        for name, one in _entries(page, found.get("fields")).items()
    }
    return DeviceMapping(
        format=form.name if form else "",
        base=base,
        device=device,
        equipment=equipment,
        fields=fields,
        tells_online="online" not in found or page.boolean(found["online"]),
        lane=page.choice(found["lane"], Lane, Lane.ALARM) if "lane" in found else None,
        zone=_zone(page, found.get("zone")),
        line=node.start_mark.line + 1,
    )


def _is_name(form: Format, device: str) -> bool:
    fits = not form.levels or device.count("/") + 1 in form.levels
    return fits and form.takes_device(device)


def _entry(page: Page, node: yaml.Node) -> dict[str, yaml.Node]:
    """Return a device's keys; the name of its format is one of them."""
    return page.fields(node, required=("equipment",), optional=(*FORMATS, *_DEVICE_OPTIONS))


def _format(page: Page, node: yaml.Node, found: Mapping[str, yaml.Node]) -> Format | None:
    named = [FORMATS[key] for key in found if key in FORMATS]
    if len(named) != 1:
        known = ", ".join(FORMATS)
        page.fault(node, said("a device is named by exactly one format"), said("one of: {}", known))
    return named[0] if named else None


def _entries(page: Page, node: yaml.Node | None) -> Mapping[str, yaml.Node]:
    """Return a mapping's values; one that is absent, or has only remarks in it, is empty."""
    if node is None or node.tag == "tag:yaml.org,2002:null":
        return {}
    return page.entries(node)


def _equipment(page: Page, node: yaml.Node | None) -> str:
    id_ = page.text(node)
    if node is not None and not is_slug(id_):
        page.fault(node, said("{!r} is no equipment id", id_), said("use a-z, 0-9, - and _"))
    return id_


def _field(page: Page, name: str, node: yaml.Node, equipment: str) -> FieldMapping:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        point = page.identifier(node, said("the point"))
        return FieldMapping(name=name, equipment=equipment, becomes=ToPoint(point=point), line=line)
    options = ("point", "event", *_FIELD_OPTIONS)
    found = page.fields(node, required=(), optional=options)
    if ("point" in found) == ("event" in found):
        page.fault(
            node, said("{!r} becomes either a point or an event", name), said("say one of the two")
        )
    becomes = _to_event(page, found) if "event" in found else _to_point(page, found)
    if "equipment" in found:
        equipment = _equipment(page, found["equipment"])
    return FieldMapping(name=name, equipment=equipment, becomes=becomes, line=line)


def _to_point(page: Page, found: Mapping[str, yaml.Node]) -> ToPoint:
    _refuse(page, found, _EVENT_KEYS - {"event"}, said("a point"))
    scale, offset = page.number(found.get("scale")), page.number(found.get("offset"))
    if scale == 0:
        page.fault(found["scale"], said("the scale is zero"), said("every value would be the same"))
    words = _entries(page, found.get("words"))
    return ToPoint(
        point=page.identifier(found.get("point"), said("the point")),
        scale=1.0 if scale is None else scale,
        offset=offset or 0.0,
        words={word: page.text(ours) for word, ours in words.items()},
    )


def _to_event(page: Page, found: Mapping[str, yaml.Node]) -> ToEvent:
    _refuse(page, found, _POINT_KEYS - {"point"}, said("an event"))
    part = page.text(found.get("part"))
    if len(part) > MAX_TEXT:
        page.fault(found["part"], said("the part is longer than {} characters", MAX_TEXT))
    attributes = _entries(page, found.get("attributes"))
    return ToEvent(
        type=page.identifier(found.get("event"), said("the event")),
        when=frozenset(map(fold, _when(page, found.get("when")))),
        every=page.boolean(found["every"]) if "every" in found else None,
        part=part or None,
        attributes={name: page.text(value) for name, value in attributes.items()},
    )


def _when(page: Page, node: yaml.Node | None) -> tuple[str, ...]:
    """Return one value, or a list of them."""
    when = (page.text(node),) if isinstance(node, yaml.ScalarNode) else page.texts(node)
    if node is not None and not any(when):
        page.fault(node, said("'when' names no value"), said("leave it out, or name the values"))
    return when


def _refuse(page: Page, found: Mapping[str, yaml.Node], keys: frozenset[str], what: Said) -> None:
    for key in sorted(keys & found.keys()):
        page.fault(found[key], said("{!r} is not for {}", key, what))


def _zone(page: Page, node: yaml.Node | None) -> str | None:
    name = page.text(node)
    try:
        return ZoneInfo(name).key if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if node is not None:
            page.fault(node, said("{!r} is no time zone", name), said("write Asia/Shanghai"))
        return None


def _host(page: Page, node: yaml.Node | None) -> str | None:
    name = page.text(node)
    if node is not None and (not is_identifier(name.lower().replace("-", "_")) or "/" in name):
        page.fault(node, said("{!r} is no host id", name), said("use letters, digits, - and _"))
    return name or None


def _find_doubles(page: Page, devices: tuple[DeviceMapping, ...]) -> None:
    seen: dict[tuple[str, str, str], int] = {}
    for one in devices:
        key = (one.format, one.base, one.device)
        first = seen.setdefault(key, one.line)
        if one.device and first != one.line:
            page.faults.append(
                Fault(
                    page.file,
                    str(one.line),
                    said("{!r} stands in line {} already", one.device, first),
                )
            )


def _find_unheard(page: Page, devices: tuple[DeviceMapping, ...], root: str) -> None:
    """Note devices whose topics are our own or the broker's: nothing foreign is read there."""
    for one in devices:
        for topic in FORMATS[one.format].filters(one.base, one.device):
            if topic.startswith((root + "/", "$")):
                message = said(
                    "no device is heard on {!r}: Gengfu or the broker speaks there", topic
                )
                page.faults.append(Fault(page.file, str(one.line), message))
                break


def _find_quarrels(page: Page, devices: tuple[DeviceMapping, ...]) -> None:
    """Note topics that two formats would read."""
    asked = [
        (number, topic)
        for number, one in enumerate(devices)
        for topic in FORMATS[one.format].filters(one.base, one.device)
    ]
    readers: dict[str, list[int]] = {}
    for number, topic in asked:
        known = readers.setdefault(topic, [])
        if all(devices[other].key[:2] != devices[number].key[:2] for other in known):
            known.append(number)
    told: set[int] = set()
    for number, topic in asked:
        for other in (other for wider in _wider(topic) for other in readers.get(wider, ())):
            first, second = devices[min(number, other)], devices[max(number, other)]
            if first.key[:2] != second.key[:2] and max(number, other) not in told:
                told.add(max(number, other))
                message = said(
                    "{!r} is already read as {} by line {}", topic, first.format, first.line
                )
                page.faults.append(Fault(page.file, str(second.line), message))


def _wider(topic: str) -> Iterator[str]:
    """Yield every filter of ours that means a topic, or some topic of a filter; itself too."""
    start = topic.removesuffix("/#").removesuffix("/+")
    levels = start.split("/")
    parents = ["/".join(levels[:length]) for length in range(1, len(levels))]
    yield topic
    yield from (f"{parent}/#" for parent in parents)
    if topic != start:
        yield from {f"{start}/#", f"{start}/+"} - {topic}
    elif parents:
        yield f"{parents[-1]}/+"
