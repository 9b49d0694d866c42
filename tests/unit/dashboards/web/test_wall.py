"""The wall: everything stands on it once, and no building is called normal that is not."""

import re
from dataclasses import replace

import httpx
import pytest

from alerts.read import OpenSums, Spot
from dashboards.web.pages.engineer import abnormal_of, build_wall
from gengfu.core.naming import Subject
from gengfu.core.states import OperatingState
from gengfu.core.urgency import Severity
from tests.fakes.alerts import sample_alert
from tests.fakes.desk import FakeDesk, interval
from tests.fakes.ledgers import shipped
from tests.unit.dashboards.web.conftest import signed_in


def test_equipment_that_is_not_on_the_wall() -> None:
    """Every equipment of the ledger stands on the wall exactly once; no data is no data."""
    classes, ledgers = shipped()
    ledger = ledgers["yunhe"]
    states = {"lift-b1-u1-left": interval("lift-b1-u1-left", OperatingState.RUNNING, 0)}
    wall = build_wall(ledger, classes, states, _told_by("fire-panel-1", "b1"))
    cells = {cell.equipment.id: cell for building in wall for cell in building.cells}
    assert set(cells) == set(ledger.equipment)
    assert sum(len(building.cells) for building in wall) == len(ledger.equipment)
    assert not cells["lift-b1-u1-left"].abnormal
    assert cells["lift-b1-u1-right"].state is OperatingState.UNKNOWN
    assert cells["fire-panel-1"].severity is Severity.CRITICAL
    assert [building.name.zh for building in wall][:3] == ["1号楼", "2号楼", "3号楼"]


def _told_by(equipment: str | None, building: str | None, site: str = "yunhe") -> OpenSums:
    spot = Spot(
        site=site, building=building, equipment=equipment, gravest=Severity.CRITICAL, count=1
    )
    return OpenSums(active=1, untaken=1, spots=(spot,))


@pytest.mark.parametrize(
    ("equipment", "building", "at"),
    [
        ("fire-panel-1", "b2", "b2"),
        (None, "b2", "b2"),
        (None, None, "yunhe"),
        ("fire-panel-1", None, "yunhe"),
        ("fire-panel-1", "b1", None),
        ("gone", None, None),
    ],
)
def test_a_burning_building_called_normal(
    equipment: str | None, building: str | None, at: str | None
) -> None:
    """An alert counts where it is, whoever told of it, once: by a cell there or by the building."""
    classes, ledgers = shipped()
    ledger = ledgers["yunhe"]
    normal = {one: interval(one, OperatingState.RUNNING, 0) for one in ledger.equipment}
    wall = build_wall(ledger, classes, normal, _told_by(equipment, building))
    assert [one.id for one in wall if one.alerts] == ([at] if at else [])
    abnormal = abnormal_of(wall)
    own = {"b1"} if equipment == "fire-panel-1" else set()
    assert {one.id for one in abnormal} == own | ({at} if at else set())


def test_another_sites_fire_on_the_wall() -> None:
    """Alerts of another site stand on its own wall only."""
    classes, ledgers = shipped()
    wall = build_wall(ledgers["yunhe"], classes, {}, _told_by(None, "b2", site="elsewhere"))
    assert not any(one.alerts for one in wall)


async def test_all_normal_beside_a_fire(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """A building with an alert that its own equipment did not tell is not said to be normal."""
    alert = sample_alert("a-1", site="yunhe", subject=Subject("fire-panel-1", "2-05-017"))
    desk.alerts.put(replace(alert, building="b2"), "opened")
    told = await client.get("/engineer?only=abnormal&lang=en", headers=signed_in(desk, "engineer"))
    column = re.search(r'aria-label="Building 2">.*?</header>', told.text, re.S)
    assert column is not None
    assert "1 alert here" in column[0]
    assert "all normal" not in column[0]
