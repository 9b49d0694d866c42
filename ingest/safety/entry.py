"""One life-safety event as a line of text: its checksum, and JSON that needs nobody to explain it."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from gengfu.core.batch import Event
from gengfu.core.clock import Micros
from gengfu.core.names import EquipmentName, Names
from gengfu.core.naming import Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event with its names; times in µs since 1970 UTC."""

    position: int
    """Of its record in the journal."""
    site: str
    equipment: str
    equipment_class: str
    type: str
    part: str | None = None
    id: str | None = None
    observed_at: Micros
    received_at: Micros
    claimed_at: Micros | None = None
    flags: int = 0
    attributes: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """Return what is the same wherever the event stands in the journal."""
        return msgspec.json.encode(replace(self, position=0, flags=0))

    def event(self, names: Names, flags: int = 0) -> Event:
        """Return the event as the journal takes it, with more flags."""
        name = EquipmentName(self.site, self.equipment, self.equipment_class)
        return Event(
            equipment=names.equipment_index(name),
            type=self.type,
            part=self.part,
            id=self.id,
            observed_at=self.observed_at,
            received_at=self.received_at,
            claimed_at=self.claimed_at,
            flags=self.flags | flags,
            attributes=self.attributes,
        )


def entry_of(event: Event, name: EquipmentName, position: int) -> Entry:
    """Return an event of the journal as an entry."""
    return Entry(
        position=position,
        site=name.site,
        equipment=name.equipment,
        equipment_class=name.equipment_class,
        type=event.type,
        part=event.part,
        id=event.id,
        observed_at=event.observed_at,
        received_at=event.received_at,
        claimed_at=event.claimed_at,
        flags=event.flags,
        attributes=event.attributes,
    )


def encode(entry: Entry) -> bytes:
    """Write a line: CRC-32 of the JSON in eight hexadecimal digits, a space, the JSON, a newline."""
    document = msgspec.json.encode(entry)
    return b"%08x %s\n" % (zlib.crc32(document), document)


_decoder = msgspec.json.Decoder(Entry)


def decode(line: bytes) -> Entry | None:
    """Read a line; None when it is not exactly what was written."""
    checksum, _, document = line.rstrip(b"\n").partition(b" ")
    if checksum != b"%08x" % zlib.crc32(document):
        return None
    try:
        return _decoder.decode(document)
    except msgspec.DecodeError:
        return None
