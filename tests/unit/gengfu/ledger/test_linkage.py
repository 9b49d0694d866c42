"""The linkage test sheet: each response can be read from its equipment, and none is forgotten."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from gengfu.core.errors import BadInput
from gengfu.core.expression import PointType, Scope, check, parse
from gengfu.core.naming import Bilingual
from gengfu.ledger.classes import load_classes
from gengfu.ledger.columns import TABLES
from gengfu.ledger.csv_export import export_files
from gengfu.ledger.csv_import import read_files, read_folder
from gengfu.ledger.linkage import DEFAULTS, Default, responses, sheet
from gengfu.ledger.model import Cause, Equipment, PlaceKind, SiteLedger
from gengfu.ledger.snapshot import decode, encode

CLASSES = load_classes()
DEMO = Path(__file__).parents[4] / "simulators" / "demo"


def _demo() -> SiteLedger:
    return read_folder(DEMO, CLASSES)[0]


def _with(equipment: Equipment) -> SiteLedger:
    ledger = _demo()
    return replace(ledger, equipment={equipment.id: equipment})


def _pump(role: str, *feeds: str) -> Equipment:
    ledger = _demo()
    outside = next(
        one.place
        for one in ledger.equipment.values()
        if ledger.building_of(one.place) not in {"b1", None}
    )
    name = Bilingual(zh="泵", en="Pump")
    attributes = {"role": role}
    return Equipment(
        id="p", equipment_class="pump", name=name, place=outside, feeds=feeds, attributes=attributes
    )


@pytest.mark.parametrize("default", DEFAULTS, ids=lambda one: one.equipment_class)
def test_expectation_not_of_the_class(default: Default) -> None:
    """What a class is expected to do can be read from the points of that class."""
    points = CLASSES[default.equipment_class].points.values()
    scope = Scope(points={one.name: PointType(one.kind, tuple(one.words)) for one in points})
    assert check(parse(default.expectation), scope) == []


def test_equipment_of_the_building_forgotten() -> None:
    """Every lift and every door of a building stands in its sheet, and none of another's."""
    ledger = _demo()
    expected = {
        one.id
        for one in ledger.equipment.values()
        if one.equipment_class in {"elevator", "door"} and ledger.building_of(one.place) == "b1"
    }
    listed = {
        one.equipment.id
        for one in responses(ledger, "b1")
        if one.equipment.equipment_class in {"elevator", "door"}
    }
    assert expected
    assert {one for one in expected if ledger.equipment[one].equipment_class == "elevator"}
    assert listed >= expected
    for one in listed - expected:
        assert any(ledger.building_of(place) == "b1" for place in ledger.equipment[one].feeds)


def test_pump_elsewhere_forgotten() -> None:
    """A fire pump that stands elsewhere but feeds the building answers its water switches."""
    (only,) = responses(_with(_pump("fire", "b1")), "b1")
    assert only.default.cause is Cause.WATER


@pytest.mark.parametrize(("role", "feeds"), [("supply", ("b1",)), ("fire", ())])
def test_pump_expected_wrongly(role: str, feeds: tuple[str, ...]) -> None:
    """No other pump, and none that serves other buildings only, is expected to run."""
    assert responses(_with(_pump(role, *feeds)), "b1") == ()


def test_pump_expected_from_a_detector() -> None:
    """A fire pump is expected from its water switch and never from a fire signal."""
    pumps = [one for one in DEFAULTS if one.equipment_class == "pump"]
    assert [one.cause for one in pumps] == [Cause.WATER]


def test_unknown_building_accepted() -> None:
    """A building that is not there is refused, with those that are; a floor is no building."""
    ledger = _demo()
    floor = next(one.id for one in ledger.places.values() if one.kind is not PlaceKind.BUILDING)
    for wrong in ("b-none", floor):
        with pytest.raises(BadInput, match="there is no building"):
            responses(ledger, wrong)


def test_slip_not_mended() -> None:
    """A slip of the keyboard is answered with the building that was meant."""
    with pytest.raises(BadInput) as refused:
        responses(_demo(), "b11")
    assert "'b1'" in refused.value.faults[0].mend
    assert refused.value.faults[0].mend.count("did you mean") == 1


def test_sheet_not_readable() -> None:
    """The sheet opens in a spreadsheet: one line for each response, the result left empty."""
    ledger = _demo()
    lines = list(csv.DictReader(io.StringIO(sheet(ledger, "b1").decode("utf-8-sig"))))
    wanted = responses(ledger, "b1")
    assert [one["equipment"] for one in lines] == [one.equipment.id for one in wanted]
    assert {one["measured_seconds"] + one["remark"] for one in lines} == {""}
    assert list(lines[0]) == [column.name for column in TABLES["linkage"]]


def test_formula_in_a_name_runs() -> None:
    """A name that begins like a formula is written so that no spreadsheet runs it."""
    name = Bilingual(zh="=1+1", en="=1+1")
    text = sheet(_with(replace(_pump("fire", "b1"), name=name)), "b1").decode("utf-8-sig")
    assert "'=1+1" in text
    assert ",=1+1" not in text


def _files(linkage: bytes) -> dict[str, bytes]:
    files = {path.name: path.read_bytes() for path in DEMO.glob("*.csv")}
    return files | {"linkage.csv": linkage}


def test_sheet_not_read_back() -> None:
    """The drafted sheet, its fire-pump lines given their switch or struck, is a table to import."""
    lines = sheet(_demo(), "b1").decode("utf-8-sig").splitlines(keepends=True)
    kept = "".join(one for one in lines if "water_switch" not in one).encode()
    (ledger,) = read_files(_files(kept), CLASSES)
    assert len(ledger.linkage) == len(kept.splitlines()) - 1 > 0
    assert read_files(export_files([ledger]), CLASSES) == (ledger,)
    assert decode(encode(ledger)) == ledger


def test_mistakes_told_one_by_one() -> None:
    """Every mistake of a table is told at once, each with its row, its column and a mend."""
    table = """site,cause,where,signal,equipment,needs,expectation,within_seconds
yunhe,confirmed_fire,b11,,lift-b1-u1-left,all,mode == fire,60
yunhe,confirmed_fire,b1,,lift-b1-u1-lift,all,mode == fire,60
yunhe,confirmed_fire,b1,,lift-b1-u1-left,all,mode == fir,60
yunhe,water_switch,fire-panel-1,,pump-fire-1,any,run,120
yunhe,confirmed_fire,b1,,lift-b1-u1-left,all,mode == fire,0
yunhe,confirmed_fire,b1,,lift-b1-u1-left,most,mode == fire,60
"""
    with pytest.raises(BadInput) as refused:
        read_files(_files(table.encode()), CLASSES)
    assert [one.place for one in refused.value.faults] == [
        "row 2, column where",
        "row 3, column equipment",
        "row 4, column expectation",
        "row 5, column signal",
        "row 6, column within_seconds",
        "row 7, column needs",
        "row 7, column equipment",
    ]
    assert all(one.mend for one in refused.value.faults[:6])
