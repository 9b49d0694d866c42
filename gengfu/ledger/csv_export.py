"""Write ledgers as the CSV files that the import reads; a spreadsheet opens them as they are."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from gengfu.core.clock import SECOND
from gengfu.core.naming import Bilingual
from gengfu.ledger.columns import ATTRIBUTE, TABLES, guard, write_scalar
from gengfu.ledger.model import Equipment, LinkageLine, Part, Place, Site, SiteLedger, SpecialDays

_BOM = "\ufeff"
"""Without it Excel reads UTF-8 as the machine's own code page."""


def export_files(ledgers: Sequence[SiteLedger]) -> dict[str, bytes]:
    """Return the files by name, UTF-8 with BOM, safe against formula injection."""
    attributes = sorted(
        {
            name
            for ledger in ledgers
            for equipment in ledger.equipment.values()
            for name in equipment.attributes
        }
    )
    tables = {
        "sites": _file("sites", [_site(ledger.site) for ledger in ledgers]),
        "places": _file(
            "places",
            [_place(one.site.id, place) for one in ledgers for place in one.places.values()],
        ),
        "equipment": _file(
            "equipment",
            [_equipment(one.site.id, each) for one in ledgers for each in one.equipment.values()],
            [f"{ATTRIBUTE}{name}" for name in attributes],
        ),
        "parts": _file("parts", list(_parts(ledgers))),
        "linkage": linkage_file([(ledger, line) for ledger in ledgers for line in ledger.linkage]),
        "holidays": _file(
            "holidays",
            [_days(one.site.id, days) for one in ledgers for days in one.special_days],
        ),
    }
    return {f"{name}.csv": content for name, content in tables.items()}


def export_folder(ledgers: Sequence[SiteLedger], folder: Path) -> None:
    """Write the files into a folder, which is made when missing.

    Raises:
        OSError: when it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in export_files(ledgers).items():
        (folder / name).write_bytes(content)


def linkage_file(lines: Sequence[tuple[SiteLedger, LinkageLine]]) -> bytes:
    """Return ``linkage.csv``, with what a reader needs beside each line; results are left empty."""
    return _file("linkage", [_linkage(ledger, line) for ledger, line in lines])


def _file(table: str, rows: Sequence[dict[str, str]], more: Sequence[str] = ()) -> bytes:
    text = io.StringIO(newline="")
    header = [*(column.name for column in TABLES[table]), *more]
    writer = csv.DictWriter(text, header, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: guard(cell) for name, cell in row.items()} for row in rows)
    return (_BOM + text.getvalue()).encode()


def _site(site: Site) -> dict[str, str]:
    return {"id": site.id, **_name(site.name), "time_zone": site.time_zone, "guarded": site.guarded}


def _place(site: str, place: Place) -> dict[str, str]:
    return {
        "site": site,
        "id": place.id,
        "kind": place.kind,
        **_name(place.name),
        "parent": place.parent or "",
        "zone_kind": place.zone_kind or "",
        "level": "" if place.level is None else str(place.level),
        "guarded": place.guarded,
    }


def _equipment(site: str, equipment: Equipment) -> dict[str, str]:
    return {
        "site": site,
        "id": equipment.id,
        "class": equipment.equipment_class,
        **_name(equipment.name),
        "place": equipment.place,
        "parent": equipment.parent or "",
        "feeds": " ".join(equipment.feeds),
        "criticality": equipment.criticality or "",
        **{f"{ATTRIBUTE}{name}": write_scalar(one) for name, one in equipment.attributes.items()},
    }


def _parts(ledgers: Sequence[SiteLedger]) -> Iterator[dict[str, str]]:
    for ledger in ledgers:
        for equipment in ledger.equipment.values():
            for part in equipment.parts.values():
                yield _part(equipment.id, part)


def _part(equipment: str, part: Part) -> dict[str, str]:
    return {
        "equipment": equipment,
        "address": part.address,
        "type": part.type,
        **_name(part.name),
        "place": part.place or "",
        "compartment": part.compartment or "",
    }


def _linkage(ledger: SiteLedger, line: LinkageLine) -> dict[str, str]:
    effects = [ledger.equipment[id_] for id_ in line.equipment]
    places = list(dict.fromkeys(ledger.place_name(one.place) for one in effects))
    return {
        "site": ledger.site.id,
        "cause": line.cause,
        "where": line.where,
        "signal": line.signal,
        "equipment": " ".join(line.equipment),
        "needs": line.needs,
        "expectation": line.expectation,
        "within_seconds": str(line.within // SECOND),
        "source": line.source,
        "name_zh": "、".join(one.name.zh for one in effects),
        "name_en": ", ".join(one.name.en for one in effects),
        "place_zh": "、".join(place.zh for place in places),
        "place_en": ", ".join(place.en for place in places),
    }


def _days(site: str, days: SpecialDays) -> dict[str, str]:
    return {
        "site": site,
        "from": days.first.isoformat(),
        "to": "" if days.last == days.first else days.last.isoformat(),
        "day": days.day,
        "name": days.name,
    }


def _name(name: Bilingual) -> dict[str, str]:
    return {"name_zh": name.zh, "name_en": name.en}
