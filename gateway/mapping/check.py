"""Compare a mapping with the ledger: equipment that is not there, points its class does not have."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from gateway.mapping.model import DeviceMapping, FieldMapping, ForeignMapping, ToPoint
from gengfu.core.errors import Fault
from gengfu.core.names import PointKind
from gengfu.ledger.model import EquipmentClass, PointDef, SiteLedger


def check_mapping(
    mapping: ForeignMapping,
    ledgers: Iterable[SiteLedger],
    classes: Mapping[str, EquipmentClass],
) -> list[Fault]:
    """Return what of a mapping leads nowhere; the rest of it works all the same."""
    kinds = {
        one.id: classes[one.equipment_class]
        for ledger in ledgers
        for one in ledger.equipment.values()
        if one.equipment_class in classes
    }
    return [fault for one in mapping.devices for fault in _device(mapping.file, one, kinds)]


def _device(
    file: str, device: DeviceMapping, kinds: Mapping[str, EquipmentClass]
) -> Iterator[Fault]:
    for equipment in device.speaks_for:
        if equipment not in kinds:
            message = f"there is no equipment {equipment!r} in the ledger"
            yield Fault(file, str(device.line), message, _similar(equipment, kinds))
    for one in device.fields.values():
        if one.equipment in kinds:
            yield from _field(file, one, kinds[one.equipment])


def _field(file: str, one: FieldMapping, kind: EquipmentClass) -> Iterator[Fault]:
    place = str(one.line)
    if not isinstance(one.becomes, ToPoint):
        if one.becomes.type not in kind.events:
            message = f"class {kind.name} has no event {one.becomes.type!r}"
            yield Fault(file, place, message, _similar(one.becomes.type, kind.events))
        return
    point = kind.points.get(one.becomes.point)
    if point is None:
        message = f"class {kind.name} has no point {one.becomes.point!r}"
        yield Fault(file, place, message, _similar(one.becomes.point, kind.points))
    else:
        yield from _words(file, one.becomes, point, place)


def _words(file: str, becomes: ToPoint, point: PointDef, place: str) -> Iterator[Fault]:
    if point.kind is not PointKind.ENUM:
        return
    for word in sorted(set(becomes.words.values()) - set(point.words)):
        message = f"{word!r} is no word of the point {point.name!r}"
        yield Fault(file, place, message, f"one of {', '.join(point.words)}")


def _similar(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]}?" if close else ""
