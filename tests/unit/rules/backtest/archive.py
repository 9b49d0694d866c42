"""An archive in memory, and one on disk as the live system writes it."""

from collections.abc import Sequence
from dataclasses import dataclass

from gengfu.core.clock import Micros
from gengfu.core.names import Names
from gengfu.core.record import NewNames, Record, RecordKind


@dataclass(slots=True)
class ListArchive:
    """A reading end over records in a list; some may be gone."""

    records: Sequence[Record]

    def read(self, after: int, *, limit: int = 500) -> Sequence[Record]:
        return [one for one in self.records if one.position > after][:limit]

    def names_at(self, position: int) -> Names:
        names = Names()
        for one in self.records:
            if one.kind is RecordKind.NAMES and one.position <= position:
                body = one.body()
                assert isinstance(body, NewNames)
                names.extend(body.start, body.equipment, body.points)
        return names

    def first_position(self) -> int:
        return self.records[0].position if self.records else 1

    def last_position(self) -> int:
        return self.records[-1].position if self.records else 0

    def position_at(self, at: Micros) -> int:
        before = [one.position for one in self.records if one.written_at < at]
        return before[-1] if before else self.first_position() - 1
