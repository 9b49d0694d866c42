"""Rows for the stores' tests, made the way the product makes them: batch, record, collector."""

from collections.abc import Mapping, Sequence

from gengfu.core.batch import BatchBuilder, Event, Flag, ReadingBatch
from gengfu.core.clock import Micros
from gengfu.core.names import EquipmentName, Names, PointKind, PointName
from gengfu.core.naming import Scalar
from gengfu.core.record import Body, Record, draft
from ingest.store.rows import RowCollector, Series, StoreRows

SITE = "yunhe"
POINTS: Mapping[str, PointName] = {
    point.point: point
    for point in (
        PointName("pump", "flow", PointKind.ANALOG),
        PointName("pump", "current", PointKind.ANALOG),
        PointName("pump", "starts", PointKind.INTEGER),
        PointName("pump", "run", PointKind.BOOLEAN),
        PointName("pump", "mode", PointKind.ENUM, ("auto", "manual", "off")),
        PointName("pump", "fault_code", PointKind.TEXT),
    )
}

Row = tuple[str, str, Micros, Scalar]
"""(equipment, point, observed_at, value); a value of None is the device's null."""


def series(equipment: str, point: str) -> Series:
    """Return the series of one of the test's points."""
    return Series(
        site=SITE,
        equipment=equipment,
        equipment_class="pump",
        point=point,
        kind=POINTS[point].kind,
    )


def batch_of(names: Names, rows: Sequence[Row]) -> ReadingBatch:
    """Return rows as the gateway would journal them."""
    builder = BatchBuilder()
    for equipment, point, at, value in rows:
        number = names.equipment_index(EquipmentName(SITE, equipment, "pump"))
        column = names.point_index(POINTS[point])
        code, flags = _code(builder, POINTS[point], value)
        builder.add(number, column, at, at, code, flags)
    return builder.build()


def event_of(
    names: Names, equipment: str, type_: str, at: Micros, part: str | None = None
) -> Event:
    """Return an event as the gateway would journal it."""
    number = names.equipment_index(EquipmentName(SITE, equipment, "pump"))
    return Event(equipment=number, type=type_, part=part, observed_at=at, received_at=at)


def record_of(position: int, body: Body) -> Record:
    """Return a journal record with a body."""
    made = draft(body, 1)
    return Record(
        position=position, partition=1, kind=made.kind, written_at=0, payload=made.payload
    )


def rows_of(*records: Sequence[Row], first: int = 1) -> StoreRows:
    """Return what the collector makes of records at consecutive positions."""
    names = Names()
    collector = RowCollector(names)
    for position, rows in enumerate(records, start=first):
        collector.add(record_of(position, batch_of(names, rows)))
    return collector.build()


def _code(builder: BatchBuilder, point: PointName, value: Scalar) -> tuple[float, int]:
    if value is None:
        return float("nan"), Flag.NULL
    if isinstance(value, str):
        is_word = point.kind is PointKind.ENUM
        return (float(point.words.index(value)) if is_word else builder.text(value)), 0
    return float(value), 0
