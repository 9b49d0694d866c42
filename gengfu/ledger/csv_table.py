"""One CSV file as a person's spreadsheet wrote it: its encoding, its header, its rows.

Chinese Excel saves GB18030, newer ones UTF-8 with a byte order mark, others without: all are read.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gengfu.core.errors import Fault
from gengfu.core.said import NOTHING, Said, said
from gengfu.ledger.columns import ATTRIBUTE, TABLES, unguard

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells by column name; an empty cell is the empty text."""

    file: str
    number: int
    """As the spreadsheet counts: the header is row 1."""
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def fault(self, column: str, message: Said, mend: Said = NOTHING) -> Fault:
        """Return a mistake in one cell."""
        return Fault(self.file, said("row {}, column {}", self.number, column), message, mend)


def read_table(table: str, content: bytes, faults: list[Fault]) -> list[Row]:
    """Read one file; what is wrong with it as a file is added to ``faults``."""
    file = f"{table}.csv"
    text = _decode(file, content, faults)
    if text is None:
        return []
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as exc:
        faults.append(
            Fault(file, "file", said("not CSV: {}", exc), said("save it as CSV (comma separated)"))
        )
        return []
    if not lines:
        faults.append(Fault(file, "row 1", said("the file is empty"), _header_mend(table)))
        return []
    header = _header(table, file, lines[0], faults)
    return list(_rows(table, file, header, lines[1:], faults)) if header else []


def _decode(file: str, content: bytes, faults: list[Fault]) -> str | None:
    codecs = ("utf-16",) if content.startswith(_UTF16_MARKS) else ("utf-8-sig", "gb18030")
    for codec in codecs:
        try:
            return content.decode(codec)
        except UnicodeDecodeError:
            continue
    faults.append(
        Fault(
            file,
            "file",
            said("neither UTF-8 nor GB18030"),
            said("save it as CSV UTF-8 in the spreadsheet"),
        )
    )
    return None


def _header(table: str, file: str, cells: list[str], faults: list[Fault]) -> list[str]:
    known = {column.name: column.name for column in TABLES[table]}
    known |= {column.chinese: column.name for column in TABLES[table]}
    names, before = [], len(faults)
    for number, cell in enumerate((cell.strip() for cell in cells), start=1):
        name = known.get(cell, cell if table == "equipment" and cell.startswith(ATTRIBUTE) else "")
        if cell and not name:
            faults.append(
                Fault(
                    file,
                    said("row {}, column {}", 1, number),
                    said("unknown header {!r}", cell),
                    _header_mend(table),
                )
            )
        elif name in names and name:
            faults.append(
                Fault(
                    file,
                    said("row {}, column {}", 1, number),
                    said("the header {!r} stands twice", cell),
                )
            )
        names.append(name)
    faults.extend(
        Fault(file, "row 1", said("the column {!r} is missing", column.name), _header_mend(table))
        for column in TABLES[table]
        if column.required and column.name not in names
    )
    return names if len(faults) == before else []


def _header_mend(table: str) -> Said:
    more = f", {ATTRIBUTE}NAME" if table == "equipment" else ""
    return said("the first row is {}{}", ",".join(column.name for column in TABLES[table]), more)


def _rows(
    table: str, file: str, header: list[str], lines: list[list[str]], faults: list[Fault]
) -> Iterator[Row]:
    for number, line in enumerate(lines, start=2):
        cells = [unguard(cell) for cell in line]
        if not any(cells):
            continue
        row = Row(
            file, number, {name: cell for name, cell in zip(header, cells, strict=False) if name}
        )
        if any(cells[len(header) :]):
            faults.append(
                row.fault(
                    str(len(header) + 1),
                    said("there are more cells than headers"),
                    said('put a cell with a comma in ""'),
                )
            )
        faults.extend(
            row.fault(column.name, said("the cell is empty"))
            for column in TABLES[table]
            if column.required and not row[column.name]
        )
        yield row
