"""Which model plays which class of equipment, and which faults it knows.

A new class needs one YAML file for the product and, to be shown in a demonstration, one entry here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

from gengfu.core.clock import Micros
from gengfu.ledger.model import Equipment
from simulators.device import Model, chance
from simulators.models import door, elevator, fire_panel

OFFLINE = "offline"
"""The fault that every class has: the device, and all it speaks for, is cut off."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What all models of a site share."""

    zone: ZoneInfo
    seed: int
    start: Micros

    def chance(self, equipment: Equipment) -> Random:
        return chance(self.seed, equipment.id)


@dataclass(frozen=True, slots=True)
class Player:
    """How equipment of one class is played."""

    build: Callable[[Sequence[Equipment], Ground], Iterator[Model]]
    faults: frozenset[str]
    needs_part: frozenset[str] = frozenset()
    """Faults that happen at an address below the equipment."""


def number(equipment: Equipment, name: str, otherwise: float) -> float:
    """Return a ledger attribute as a number."""
    value = equipment.attributes.get(name)
    return float(value) if isinstance(value, int | float) else otherwise


def flag(equipment: Equipment, name: str, *, otherwise: bool) -> bool:
    """Return a ledger attribute that says yes or no."""
    value = equipment.attributes.get(name)
    return value if isinstance(value, bool) else otherwise


def _elevators(lifts: Sequence[Equipment], ground: Ground) -> Iterator[Model]:
    for lift in lifts:
        lowest, highest = (
            int(number(lift, "lowest_floor", 1)),
            int(number(lift, "highest_floor", 18)),
        )
        facts = elevator.Lift(
            id=lift.id,
            floors=tuple(floor for floor in range(lowest, highest + 1) if floor),
            zone=ground.zone,
            speed=number(lift, "rated_speed", 1.75),
            occupancy_sensor=flag(lift, "occupancy_sensor", otherwise=True),
            automatic_rescue=flag(lift, "automatic_rescue", otherwise=False),
        )
        yield elevator.Elevator(facts, ground.chance(lift), ground.start)


def _fire_panels(panels: Sequence[Equipment], ground: Ground) -> Iterator[Model]:
    for panel in panels:
        yield fire_panel.FirePanel(panel.id, panel.parts, ground.start)


def _doors(doors: Sequence[Equipment], ground: Ground) -> Iterator[Model]:
    for one in doors:
        leaf = door.Leaf(
            id=one.id,
            door_type=str(one.attributes.get("door_type", "unit")),
            exit_button=flag(one, "exit_request_wired", otherwise=True),
            zone=ground.zone,
        )
        yield door.Door(leaf, ground.chance(one), ground.start)


PLAYERS: Mapping[str, Player] = {
    "elevator": Player(_elevators, elevator.FAULTS),
    "fire_panel": Player(_fire_panels, fire_panel.FAULTS, fire_panel.NEEDS_PART),
    "door": Player(_doors, door.FAULTS),
}


def faults_of(equipment_class: str) -> frozenset[str]:
    """Return the faults that equipment of a class can be given; none when nothing plays it."""
    player = PLAYERS.get(equipment_class)
    return player.faults | {OFFLINE} if player else frozenset()
