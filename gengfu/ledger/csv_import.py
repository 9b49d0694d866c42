"""Read a folder of CSV files into ledgers, or refuse all of it with every mistake at once."""

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from gengfu.core.clock import SECOND
from gengfu.core.errors import BadInput, Fault
from gengfu.core.hours import DayKind
from gengfu.core.naming import Bilingual
from gengfu.core.said import said
from gengfu.ledger.check import Finding, find
from gengfu.ledger.check_linkage import line_key
from gengfu.ledger.columns import ATTRIBUTE, OPTIONAL_TABLES, TABLES, read_scalar
from gengfu.ledger.csv_table import Row, read_table
from gengfu.ledger.model import (
    Cause,
    Criticality,
    Equipment,
    EquipmentClass,
    LinkageLine,
    Needs,
    Part,
    Place,
    PlaceKind,
    Site,
    SiteLedger,
    SpecialDays,
    ZoneKind,
)

Word = TypeVar("Word", bound=StrEnum)

_DEFAULT_ZONE = "Asia/Shanghai"
_ROW = re.compile(r"row (\d+)")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_DATE = re.compile(r"\d{1,2}月\d{1,2}日|\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{2}")
"""What spreadsheets, Chinese and English, make of an address like ``2-17``."""


def read_folder(folder: Path, classes: Mapping[str, EquipmentClass]) -> tuple[SiteLedger, ...]:
    """Read ``sites``, ``places``, ``equipment`` and, when there, ``parts``, ``linkage``, ``holidays`` .csv.

    Raises:
        BadInput: with all mistakes of all files, each with file, row, column and mend.
    """
    files: dict[str, bytes] = {}
    for table in TABLES:
        path = folder / f"{table}.csv"
        if path.is_file():
            files[path.name] = path.read_bytes()
    return read_files(files, classes)


def read_files(
    files: Mapping[str, bytes], classes: Mapping[str, EquipmentClass]
) -> tuple[SiteLedger, ...]:
    """Read the files by name, as uploaded.

    Raises:
        BadInput: as ``read_folder``.
    """
    draft = _Draft()
    tables: dict[str, list[Row]] = {}
    for table in TABLES:
        content = files.get(f"{table}.csv")
        if content is not None:
            tables[table] = read_table(table, content, draft.faults)
        elif table not in OPTIONAL_TABLES:
            draft.faults.append(Fault(f"{table}.csv", "file", said("the file is missing")))
    draft.take(tables)
    ledgers = draft.ledgers()
    draft.faults.extend(draft.locate(finding) for finding in find(ledgers, classes))
    if draft.faults:
        raise BadInput(_as_read(draft.faults))
    return ledgers


def _as_read(faults: Sequence[Fault]) -> list[Fault]:
    """Return mistakes in the order in which a person goes through the files, one for each cell."""
    files = [f"{table}.csv" for table in TABLES]
    told: dict[tuple[str, str, str], Fault] = {}
    for fault in faults:
        of_a_cell = ", column " in fault.place
        told.setdefault((fault.file, fault.place, "" if of_a_cell else fault.message), fault)

    def where(fault: Fault) -> tuple[int, int]:
        row = _ROW.match(fault.place)
        return files.index(fault.file), int(row[1]) if row else 0

    return sorted(told.values(), key=where)


@dataclass(slots=True)
class _Draft:
    """Ledgers being put together, and which row each thing came from."""

    faults: list[Fault] = field(default_factory=list)
    sites: dict[str, Site] = field(default_factory=dict)
    places: dict[str, dict[str, Place]] = field(default_factory=dict)
    equipment: dict[str, dict[str, Equipment]] = field(default_factory=dict)
    parts: dict[str, dict[str, Part]] = field(default_factory=dict)
    linkage: dict[str, list[LinkageLine]] = field(default_factory=dict)
    special_days: dict[str, list[SpecialDays]] = field(default_factory=dict)
    rows: dict[tuple[str, ...], Row] = field(default_factory=dict)

    def take(self, tables: Mapping[str, Sequence[Row]]) -> None:
        for row in tables.get("sites", ()):
            self._site(row)
        for row in tables.get("places", ()):
            self._place(row)
        for row in tables.get("parts", ()):
            self._part(row)
        for row in tables.get("equipment", ()):
            self._equipment(row)
        for row in tables.get("parts", ()):
            if row["equipment"] and ("equipment", row["equipment"]) not in self.rows:
                self.faults.append(
                    row.fault("equipment", said("there is no equipment {!r}", row["equipment"]))
                )
        for row in tables.get("linkage", ()):
            self._linkage(row)
        for row in tables.get("holidays", ()):
            self._special_days(row)

    def ledgers(self) -> tuple[SiteLedger, ...]:
        return tuple(
            SiteLedger(
                site=site,
                places=self.places[id_],
                equipment=self.equipment[id_],
                linkage=tuple(self.linkage.get(id_, ())),
                special_days=tuple(self.special_days.get(id_, ())),
            )
            for id_, site in self.sites.items()
        )

    def locate(self, finding: Finding) -> Fault:
        """Return a finding as a fault of the cell that it is about."""
        row = self.rows[(finding.table, *finding.key)]
        return row.fault(finding.field, finding.message, finding.mend)

    def _first(self, row: Row, table: str, *key: str, column: str = "id") -> bool:
        """Note where a thing stands; False (and a fault) when it stood somewhere before."""
        if not all(key):
            return False
        before = self.rows.setdefault((table, *key), row)
        if before is not row:
            self.faults.append(
                row.fault(column, said("{!r} stands in row {} already", key[-1], before.number))
            )
        return before is row

    def _site(self, row: Row) -> None:
        if not self._first(row, "sites", row["id"]):
            return
        id_ = row["id"]
        self.sites[id_] = Site(
            id=id_,
            name=self._name(row),
            time_zone=row["time_zone"] or _DEFAULT_ZONE,
            guarded=row["guarded"],
        )
        self.places[id_], self.equipment[id_] = {}, {}

    def _known_site(self, row: Row) -> bool:
        if row["site"] and row["site"] not in self.sites:
            self.faults.append(
                row.fault(
                    "site", said("there is no site {!r}", row["site"]), said("add it to sites.csv")
                )
            )
        return row["site"] in self.sites

    def _place(self, row: Row) -> None:
        if not self._known_site(row) or not self._first(row, "places", row["site"], row["id"]):
            return
        self.places[row["site"]][row["id"]] = Place(
            id=row["id"],
            kind=self._word(row, "kind", PlaceKind) or PlaceKind.ZONE,
            name=self._name(row),
            parent=row["parent"] or None,
            zone_kind=self._word(row, "zone_kind", ZoneKind),
            level=self._whole(row, "level"),
            guarded=row["guarded"],
        )

    def _equipment(self, row: Row) -> None:
        if not self._known_site(row) or not self._first(row, "equipment", row["id"]):
            return
        self.equipment[row["site"]][row["id"]] = Equipment(
            id=row["id"],
            equipment_class=row["class"],
            name=self._name(row),
            place=row["place"],
            parent=row["parent"] or None,
            feeds=tuple(row["feeds"].split()),
            criticality=self._word(row, "criticality", Criticality),
            attributes={
                name.removeprefix(ATTRIBUTE): read_scalar(cell)
                for name, cell in row.cells.items()
                if name.startswith(ATTRIBUTE) and cell
            },
            parts=self.parts.get(row["id"], {}),
        )

    def _part(self, row: Row) -> None:
        equipment, address = row["equipment"], row["address"]
        if not self._first(row, "parts", equipment, address, column="address"):
            return
        if _DATE.fullmatch(address):
            self.faults.append(
                row.fault(
                    "address",
                    said("{!r} is a date: the spreadsheet made it of an address", address),
                    said("mark the column as text, then type it again"),
                )
            )
        self.parts.setdefault(equipment, {})[address] = Part(
            address=address,
            type=row["type"],
            name=self._name(row),
            place=row["place"] or None,
            compartment=row["compartment"] or None,
        )

    def _linkage(self, row: Row) -> None:
        cause, needs = self._word(row, "cause", Cause), self._word(row, "needs", Needs)
        seconds = self._whole(row, "within_seconds")
        if not self._known_site(row) or cause is None or seconds is None:
            return
        line = LinkageLine(
            cause=cause,
            where=row["where"],
            signal=row["signal"],
            equipment=tuple(row["equipment"].split()),
            needs=needs or Needs.ALL,
            expectation=row["expectation"],
            within=seconds * SECOND,
            source=row["source"],
        )
        if self._first(row, *line_key(row["site"], line), column="equipment"):
            self.linkage.setdefault(row["site"], []).append(line)

    def _special_days(self, row: Row) -> None:
        first, kind = self._day(row, "from"), self._word(row, "day", DayKind)
        last = self._day(row, "to") if row["to"] else first
        if not self._known_site(row) or first is None or last is None or kind is None:
            return
        days = SpecialDays(first=first, last=last, day=kind, name=row["name"])
        if self._first(row, "holidays", row["site"], first.isoformat(), column="from"):
            self.special_days.setdefault(row["site"], []).append(days)

    def _day(self, row: Row, column: str) -> date | None:
        """Read a date as spreadsheets write it: 2026-10-01, 2026/10/1, 2026年10月1日."""
        found = _DAY.fullmatch(row[column])
        with contextlib.suppress(ValueError):  # the 31st of a short month
            if found:
                return date(*map(int, found.groups()))
        if row[column]:
            self.faults.append(
                row.fault(column, said("{!r} is no date", row[column]), said("write 2026-10-01"))
            )
        return None

    def _name(self, row: Row) -> Bilingual:
        """Read a name; one language left empty is taken from the other."""
        zh, en = row["name_zh"], row["name_en"]
        if not zh and not en:
            self.faults.append(row.fault("name_zh", said("there is no name")))
        return Bilingual(zh=zh or en or "-", en=en or zh or "-")

    def _word(self, row: Row, column: str, words: type[Word]) -> Word | None:
        text = row[column]
        if not text:
            return None
        if text not in set(words):
            self.faults.append(
                row.fault(
                    column, said("{!r} is not known", text), said("one of: {}", ", ".join(words))
                )
            )
            return None
        return words(text)

    def _whole(self, row: Row, column: str) -> int | None:
        try:
            return int(row[column]) if row[column] else None
        except ValueError:
            self.faults.append(row.fault(column, said("{!r} is no whole number", row[column])))
            return None
