"""A fire panel with two compartments, a smoke fan and two fire pumps, and what they must do."""

from dataclasses import replace

from gengfu.core.clock import SECOND
from gengfu.core.naming import Bilingual
from gengfu.core.record import LedgerChange
from gengfu.ledger import snapshot
from gengfu.ledger.model import (
    Cause,
    Equipment,
    LinkageLine,
    Needs,
    Part,
    Place,
    PlaceKind,
    SiteLedger,
    ZoneKind,
)
from tests.fakes.rule_scene import SITE, Scene, equipment, ledger

NAME = Bilingual(zh="名", en="Name")
FLOOR_OF = {"1-1": "fc1", "1-2": "fc1", "2-1": "fc2", "2-2": "fc2"}
EVERY = (
    replace(
        equipment("panel", "fire_panel"),
        parts={
            one: Part(address=one, type="smoke", name=NAME, compartment=floor)
            for one, floor in FLOOR_OF.items()
        }
        | {"9-1": Part(address="9-1", type="smoke", name=NAME)},
    ),
    equipment("fan", "smoke_control"),
    equipment("valve", "sprinkler"),
    equipment("duty", "pump", role="fire"),
    equipment("standby", "pump", role="fire"),
)


def _line(where: str, seconds: int, *effects: str, **more: str) -> LinkageLine:
    return LinkageLine(
        cause=Cause(more.get("cause", "confirmed_fire")),
        where=where,
        signal=more.get("signal", ""),
        equipment=effects,
        needs=Needs.ANY,
        expectation=more.get("expectation", "run"),
        within=seconds * SECOND,
    )


LINES = (
    _line("b1", 15, "fan", expectation="fan_run"),
    _line("valve", 120, "duty", "standby", cause="water_switch", signal="flow_switch"),
)


def linked_ledger(*every: Equipment) -> SiteLedger:
    """Return a ledger with the table, of some equipment or all."""
    plain = ledger(*(every or EVERY))
    zones = {
        id_: Place(
            id=id_,
            kind=PlaceKind.ZONE,
            name=NAME,
            parent="b1",
            zone_kind=ZoneKind.FIRE_COMPARTMENT,
        )
        for id_ in ("fc1", "fc2")
    }
    return replace(plain, places={**plain.places, **zones}, linkage=LINES)


def linked_scene(*more: Equipment) -> Scene:
    """Return a scene in which everything is quiet, and heard except what is added here."""
    one = Scene((*EVERY, *more))
    one.write(LedgerChange(SITE, snapshot.encode(linked_ledger())))
    one.says("fan", fan_run=False)
    one.says("valve", flow_switch=False)
    one.says("duty", run=False)
    one.says("standby", run=False)
    return one
