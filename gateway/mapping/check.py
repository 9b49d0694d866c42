"""Compare a mapping with the ledger: equipment that is not there, points its class does not have."""

from collections.abc import Iterable, Iterator, Mapping

from gateway.mapping.model import DeviceMapping, FieldMapping, ForeignMapping, ToPoint
from gengfu.core.errors import Fault
from gengfu.core.expression import nearest
from gengfu.core.names import PointKind
from gengfu.core.said import said
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
            message = said("there is no equipment {!r} in the ledger", equipment)
            yield Fault(file, str(device.line), message, nearest(equipment, kinds))
    for one in device.fields.values():
        if one.equipment in kinds:
            yield from _field(file, one, kinds[one.equipment])


def _field(file: str, one: FieldMapping, kind: EquipmentClass) -> Iterator[Fault]:
    place = str(one.line)
    if not isinstance(one.becomes, ToPoint):
        if one.becomes.type not in kind.events:
            message = said("class {} has no event {!r}", kind.name, one.becomes.type)
            yield Fault(file, place, message, nearest(one.becomes.type, kind.events))
        return
    point = kind.points.get(one.becomes.point)
    if point is None:
        message = said("class {} has no point {!r}", kind.name, one.becomes.point)
        yield Fault(file, place, message, nearest(one.becomes.point, kind.points))
    else:
        yield from _words(file, one.becomes, point, place)


def _words(file: str, becomes: ToPoint, point: PointDef, place: str) -> Iterator[Fault]:
    if point.kind is not PointKind.ENUM:
        return
    for word in sorted(set(becomes.words.values()) - set(point.words)):
        message = said("{!r} is no word of the point {!r}", word, point.name)
        yield Fault(file, place, message, said("one of: {}", ", ".join(point.words)))
