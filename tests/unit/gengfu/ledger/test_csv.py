"""CSV: what is exported is imported the same, and a wrong folder is refused with every mistake."""

import contextlib
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.errors import BadInput
from gengfu.core.hours import DayKind
from gengfu.core.naming import Bilingual
from gengfu.ledger import snapshot
from gengfu.ledger.classes import load_classes
from gengfu.ledger.columns import guard, read_scalar, unguard, write_scalar
from gengfu.ledger.csv_export import export_files, export_folder
from gengfu.ledger.csv_import import read_files, read_folder
from gengfu.ledger.model import (
    Criticality,
    Equipment,
    Part,
    Place,
    PlaceKind,
    Site,
    SiteLedger,
    SpecialDays,
    ZoneKind,
)

CLASSES = load_classes()
DEMO = Path(__file__).parents[4] / "simulators" / "demo"

SITES = "id,name_zh,name_en\nyunhe,云和花园,Yunhe Gardens\n"
PLACES = """\
site,id,kind,name_zh,name_en,parent,zone_kind,level
yunhe,b1,building,1号楼,Building 1,,,
yunhe,fc,zone,防火分区,Compartment,b1,fire_compartment,
yunhe,room,zone,消控室,Control room,b1,area,
"""
EQUIPMENT = """\
site,id,class,name_zh,name_en,place,parent,feeds,criticality,attr.role
yunhe,panel,fire_panel,消防主机,Panel,room,,b1,key,main
yunhe,pump,pump,水泵,Pump,room,,b1 panel,,"fire"
"""
HOLIDAYS = """\
site,from,to,day,name
yunhe,2026-10-01,2026-10-07,holiday,国庆节
yunhe,2026/10/10,,workday,
yunhe,2026年9月20日,,workday,
"""
PARTS = """\
equipment,address,type,name_zh,name_en,place,compartment
panel,2-17,smoke,烟感,Smoke detector,room,fc
"""


TEXTS = {
    "sites": SITES,
    "places": PLACES,
    "equipment": EQUIPMENT,
    "parts": PARTS,
    "holidays": HOLIDAYS,
}


def _files(**changed: str) -> dict[str, bytes]:
    files = TEXTS | changed
    return {f"{name}.csv": text.encode() for name, text in files.items()}


def _faults(**changed: str) -> list[tuple[str, str, str]]:
    with pytest.raises(BadInput) as caught:
        read_files(_files(**changed), CLASSES)
    return [(fault.file, fault.place, fault.message) for fault in caught.value.faults]


MISTAKES = [
    ("sites", "yunhe,云", "Yun He,云", "row 2, column id", "is no id"),
    (
        "sites",
        "Yunhe Gardens\n",
        "Yunhe Gardens\nyunhe,乙,B\n",
        "row 3, column id",
        "row 2 already",
    ),
    ("sites", "name_en", "nombre", "row 1, column 3", "unknown header"),
    ("places", "yunhe,b1,", "nowhere,b1,", "row 2, column site", "no site 'nowhere'"),
    ("places", "b1,building", "b1,tower", "row 2, column kind", "'tower' is not known"),
    ("places", "b1,area,", "fc2,area,", "row 4, column parent", "no place 'fc2'"),
    ("places", "b1,area,", "room,area,", "row 4, column parent", "lead back to it"),
    ("places", "b1,area,", "b1,,", "row 4, column zone_kind", "zone_kind"),
    ("places", "b1,area,", "b1,area,low", "row 4, column level", "no whole number"),
    ("places", "yunhe,room,zone", "yunhe,room,unit", "row 4, column zone_kind", "only a zone"),
    ("equipment", "panel,fire_panel", "panel,fire", "row 2, column class", "no class 'fire'"),
    ("equipment", "Panel,room,,b1", "Panel,cellar,,b1", "row 2, column place", "'cellar'"),
    ("equipment", "Panel,room,,b1", "Panel,room,ghost,b1", "row 2, column parent", "'ghost'"),
    ("equipment", "Panel,room,,b1", "Panel,room,panel,b1", "row 2, column parent", "lead back"),
    ("equipment", "b1 panel", "b1 ghost", "row 3, column feeds", "'ghost'"),
    ("equipment", "b1 panel", "pump", "row 3, column feeds", "cannot feed itself"),
    ("equipment", "b1,key", "b1,high", "row 2, column criticality", "'high' is not known"),
    ("equipment", "attr.role", "attr.Role!", "row 2, column attr.Role!", "is no name"),
    ("equipment", '"fire"', "7", "row 3, column attr.role", "7 is not a word"),
    ("equipment", "消防主机,Panel", ",", "row 2, column name_zh", "there is no name"),
    ("equipment", "yunhe,pump,", "yunhe,panel,", "row 3, column id", "row 2 already"),
    ("equipment", ",Pump,room", ",Pump,", "row 3, column place", "the cell is empty"),
    ("equipment", '"fire"', "fire,extra", "row 3, column 11", "more cells"),
    ("parts", "panel,2-17", "ghost,2-17", "row 2, column equipment", "no equipment 'ghost'"),
    ("parts", "room,fc", "cellar,fc", "row 2, column place", "'cellar'"),
    ("parts", "panel,2-17", "panel,2月17日", "row 2, column address", "is a date"),
    ("parts", "panel,2-17", "panel,17-Feb", "row 2, column address", "is a date"),
    ("parts", "room,fc", "room,room", "row 2, column compartment", "no fire compartment"),
    ("parts", "room,fc", "room,ghost", "row 2, column compartment", "'ghost'"),
    ("parts", "smoke,", "Smoke detector,", "row 2, column type", "is no type"),
    ("parts", "address,", "", "row 1", "'address' is missing"),
    (
        "places",
        "level\nyunhe,b1,building,1号楼,Building 1,,,",
        "level,guarded\nyunhe,b1,building,1号楼,Building 1,,,,by night",
        "row 2, column guarded",
        "'night' is no part of a day",
    ),
    (
        "sites",
        "name_en\nyunhe,云和花园,Yunhe Gardens",
        "name_en,guarded\nyunhe,云和花园,Yunhe Gardens,22-6",
        "row 2, column guarded",
        "no part of a day",
    ),
    ("holidays", "2026-10-01,2026", "2026-13-01,2026", "row 2, column from", "is no date"),
    ("holidays", "2026/10/10", "10.10.", "row 3, column from", "is no date"),
    ("holidays", "2026/10/10", "2026/10/9", "row 3, column from", "working day anyhow"),
    ("holidays", "2026/10/10,", "2026/10/10,2026-10-01", "row 3, column to", "before it begins"),
    ("holidays", "2026-10-07", "2027-10-07", "row 2, column to", "has 372 days"),
    ("holidays", "2026/10/10", "2026/10/4", "row 3, column from", "row of 2026-10-01 too"),
    ("holidays", "holiday,国", "restday,国", "row 2, column day", "holidays and weekends"),
    ("holidays", "holiday,国", "feast,国", "row 2, column day", "'feast' is not known"),
    ("holidays", "yunhe,2026-10-01", "ghost,2026-10-01", "row 2, column site", "no site"),
]


@pytest.mark.parametrize(("table", "old", "new", "place", "message"), MISTAKES)
def test_mistake_without_cell(table: str, old: str, new: str, place: str, message: str) -> None:
    """Each kind of mistake is told with file, row and column, and nothing is imported."""
    assert old in TEXTS[table]
    faults = _faults(**{table: TEXTS[table].replace(old, new, 1)})
    assert any(
        (file, where) == (f"{table}.csv", place) and message in text for file, where, text in faults
    ), faults


def test_only_first_file_told() -> None:
    """Mistakes in all four files are told together."""
    faults = _faults(
        sites=SITES + "Bad Id,甲,A\n",
        places=PLACES.replace("building", "tower"),
        equipment=EQUIPMENT.replace("fire_panel", "fire"),
        parts=PARTS.replace("room,fc", "cellar,fc"),
    )
    assert {file for file, *_ in faults} == {
        "sites.csv",
        "places.csv",
        "equipment.csv",
        "parts.csv",
    }


def test_faults_out_of_order() -> None:
    """Faults come in the order of files and rows, and an empty cell is told once."""
    bad = EQUIPMENT.replace("panel,fire_panel", "panel,fire").replace(",Pump,room", ",Pump,")
    told = _faults(places=PLACES.replace("b1,area,", "fc2,area,"), equipment=bad)
    assert [(file, place) for file, place, _ in told] == [
        ("places.csv", "row 4, column parent"),
        ("equipment.csv", "row 2, column class"),
        ("equipment.csv", "row 3, column place"),
    ]


def test_missing_or_empty_file_accepted() -> None:
    """Three files are needed, the point table is not; an empty file is a mistake of its own."""
    files = _files()
    del files["parts.csv"]
    assert not read_files(files, CLASSES)[0].equipment["panel"].parts
    del files["places.csv"]
    files["equipment.csv"] = b""
    with pytest.raises(BadInput) as caught:
        read_files(files, CLASSES)
    assert {"the file is missing", "the file is empty"} <= {
        fault.message for fault in caught.value.faults
    }


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encoding_refused(codec: str) -> None:
    """The four encodings that spreadsheets in China write give the same ledger."""
    files = {name: content.decode().encode(codec) for name, content in _files().items()}
    assert read_files(files, CLASSES) == read_files(_files(), CLASSES)


def test_bytes_of_no_encoding_crash() -> None:
    """Bytes that are no text are a mistake of that file, not a traceback."""
    with pytest.raises(BadInput, match="neither UTF-8 nor GB18030"):
        read_files(_files() | {"sites.csv": b"id\xff\xff\n"}, CLASSES)


def test_chinese_headers_refused() -> None:
    """A point table with Chinese headers is read like one with English headers."""
    parts = PARTS.replace(
        "equipment,address,type,name_zh,name_en,place,compartment",
        "设备,地址,类型,名称,英文名称,位置,防火分区",
    )
    assert read_files(_files(parts=parts), CLASSES) == read_files(_files(), CLASSES)


def test_one_language_refused() -> None:
    """A name in one language alone stands for both: few estates have English detector names."""
    (ledger,) = read_files(_files(parts=PARTS.replace("Smoke detector", "")), CLASSES)
    assert ledger.equipment["panel"].parts["2-17"].name == Bilingual(zh="烟感", en="烟感")


def test_demo_estate_broken(tmp_path: Path) -> None:
    """The demo estate is read, is as large as promised, and comes back the same."""
    ledgers = read_folder(DEMO, CLASSES)
    (ledger,) = ledgers
    panel = ledger.equipment["fire-panel-1"]
    assert len(ledger.equipment) == 101
    assert len(panel.parts) >= 300
    assert {"1-001", "2-150"} <= set(panel.parts)
    assert ledger.place_name(panel.place).zh == "1号楼 1单元 1层 消控室"
    assert len(ledger.children_of("door-ctl-b1")) == 6
    assert len(ledger.children_of("nvr-b3")) == 5
    export_folder(ledgers, tmp_path)
    assert read_folder(tmp_path, CLASSES) == ledgers


@given(st.text(max_size=12))
def test_formula_survives(text: str) -> None:
    """No cell begins like a formula, and reading gives the text back."""
    text = text.strip()
    cell = guard(text)
    assert unguard(cell) == text
    assert not cell.startswith(("=", "@", "\t", "\r"))
    if cell.startswith(("+", "-")):
        float(cell)


@given(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
)
def test_attribute_changes_type(value: bool | int | float | str | None) -> None:
    """An attribute keeps its type and value through a cell, however a text may look."""
    back = read_scalar(write_scalar(value))
    assert back == value
    assert type(back) is type(value)


def test_serial_number_rounded() -> None:
    """Digits that are no quantity stay the text that they are."""
    for text in ("0012", "12345678901234567890", "1-2", "1.2.3", "0x1f", "1_000"):
        assert read_scalar(text) == text
    assert (
        _faults(equipment=EQUIPMENT.replace('"fire"', "1e999"))[0][1] == "row 3, column attr.role"
    )
    assert _faults(places=PLACES.replace("b1,area,", "b1,area,99999"))


CELLS = st.text(max_size=6) | st.sampled_from(
    ["yunhe", "b1", "panel", "floor", "key", "9" * 5000, "\0"]
)


@given(
    st.sampled_from(sorted(TEXTS)),
    st.lists(st.lists(CELLS, max_size=9), max_size=3),
)
def test_rows_crash(table: str, rows: list[list[str]]) -> None:
    """Whatever stands in the cells, it is imported or refused, never a traceback."""
    lines = "".join(",".join(cell for cell in row) + "\n" for row in rows)
    content = (TEXTS[table] + lines).encode("utf-8", errors="surrogatepass")
    with contextlib.suppress(BadInput):
        for ledger in read_files(_files() | {f"{table}.csv": content}, CLASSES):
            snapshot.encode(ledger)


@given(st.binary(max_size=60))
def test_bytes_crash(content: bytes) -> None:
    """Any bytes at all are refused with a sentence."""
    with pytest.raises(BadInput):
        read_files(_files() | {"places.csv": content}, CLASSES)


IDS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,8}", fullmatch=True)
PRINTABLE = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=8
)
NAMES = st.builds(Bilingual, zh=PRINTABLE, en=PRINTABLE)
NAMED = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)


GUARDED = st.sampled_from(["", "22:00-06:00", "workday 19:00-07:00; restday 00:00-24:00"])


@st.composite
def _ledgers(draw: st.DrawFn) -> SiteLedger:
    places: dict[str, Place] = {}
    for id_ in draw(st.lists(IDS, min_size=1, max_size=5, unique=True)):
        parent = draw(st.none() | st.sampled_from(sorted(places))) if places else None
        zone_kind = draw(st.sampled_from(ZoneKind))
        level = draw(st.none() | st.integers(-9, 99))
        places[id_] = Place(
            id=id_,
            kind=PlaceKind.ZONE,
            name=draw(NAMES),
            parent=parent,
            zone_kind=zone_kind,
            level=level,
            guarded=draw(GUARDED),
        )
    somewhere = st.sampled_from(sorted(places))
    compartments = [one.id for one in places.values() if one.zone_kind is ZoneKind.FIRE_COMPARTMENT]
    equipment: dict[str, Equipment] = {}
    for id_ in draw(st.lists(IDS, max_size=4, unique=True)):
        parent = draw(st.none() | st.sampled_from(sorted(equipment))) if equipment else None
        addresses = draw(st.lists(PRINTABLE, max_size=3, unique=True))
        parts = {
            address: Part(
                address=address,
                type=draw(NAMED),
                name=draw(NAMES),
                place=draw(st.none() | somewhere),
                compartment=draw(st.sampled_from([None, *compartments])),
            )
            for address in addresses
        }
        values = (
            st.booleans()
            | st.integers(-9999, 9999)
            | st.floats(allow_nan=False, allow_infinity=False)
        )
        equipment[id_] = Equipment(
            id=id_,
            equipment_class=draw(st.sampled_from(sorted(CLASSES))),
            name=draw(NAMES),
            place=draw(somewhere),
            parent=parent,
            feeds=tuple(fed for fed in draw(st.lists(somewhere, max_size=2)) if fed != id_),
            criticality=draw(st.none() | st.sampled_from(Criticality)),
            attributes=draw(st.dictionaries(NAMED, values | PRINTABLE | st.none(), max_size=3)),
            parts=parts,
        )
    site = Site(id=draw(IDS), name=draw(NAMES), time_zone="Asia/Urumqi", guarded=draw(GUARDED))
    first = draw(st.dates(date(1990, 1, 1), date(2090, 1, 1)))
    last = first + timedelta(days=draw(st.integers(0, 30)))
    days = SpecialDays(first=first, last=last, day=DayKind.HOLIDAY, name=draw(PRINTABLE))
    return SiteLedger(
        site=site,
        places=places,
        equipment=equipment,
        special_days=draw(st.sampled_from([(), (days,)])),
    )


@given(_ledgers())
def test_round_trip_changes_ledger(ledger: SiteLedger) -> None:
    """Import of an export is the same ledger, whatever the names and attributes are."""
    (back,) = read_files(export_files([ledger]), CLASSES)
    assert back == ledger


def test_calendar_forgets_a_worked_saturday() -> None:
    """A holiday is seven days of rest, the Saturday worked for it a working day, the rest as ever."""
    (ledger,) = read_files(_files(), CLASSES)
    calendar = ledger.calendar()
    worked = [day for day, kind in calendar.items() if kind is DayKind.WORKDAY]
    assert worked == [date(2026, 10, 10), date(2026, 9, 20)]
    assert sum(kind is DayKind.HOLIDAY for kind in calendar.values()) == 7


def test_guarded_hours_of_another_place() -> None:
    """The nearest place that says when it is guarded counts, and the site where none does."""
    sites = SITES.replace("name_en\n", "name_en,guarded\n").replace(
        "Gardens\n", "Gardens,22:00-06:00\n"
    )
    places = PLACES.replace("level\n", "level,guarded\n").replace("area,\n", "area,,00:00-24:00\n")
    (ledger,) = read_files(_files(sites=sites, places=places), CLASSES)
    told = {place: ledger.guarded_at(place) for place in ("b1", "fc", "room")}
    assert told == {"b1": "22:00-06:00", "fc": "22:00-06:00", "room": "00:00-24:00"}
