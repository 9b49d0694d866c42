"""Which model plays which class of equipment, and which faults it knows.

A new class needs one YAML file for the product and, to be shown in a demonstration, one entry here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from zoneinfo import ZoneInfo

from gengfu.core.clock import Micros
from gengfu.core.naming import Scalar
from gengfu.ledger.model import Equipment
from simulators.device import Model, chance
from simulators.estate.links import LINK_FAULTS
from simulators.models import (
    barrier,
    camera,
    door,
    door_controller,
    elevator,
    fire_main,
    fire_panel,
    nvr,
    pit_pump,
    sensor,
    supply_set,
)
from simulators.models.hydraulics import Curve
from simulators.models.kinds import KINDS
from simulators.models.pump import WEAR_OF_A_PUMP, Pump

NO_RESPONSE = "no_response"
"""What every class can fail at: it does not do what the cause-and-effect table asks of it."""


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
    grows: frozenset[str] = frozenset()
    """Faults that may take a while to become whole: wear."""
    figures: Mapping[str, Mapping[str, Scalar]] = field(default_factory=dict)
    """By fault: the points that a story may give another figure, and what they are without it."""


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


def _pump(equipment: Equipment, ground: Ground) -> Pump:
    return Pump(
        id=equipment.id,
        curve=Curve(
            flow=number(equipment, "rated_flow", 300.0),
            head=number(equipment, "rated_head", 50.0),
            current=number(equipment, "rated_current", 10.0),
        ),
        rng=ground.chance(equipment),
        variable_speed=_role(equipment) == "supply",
    )


def _role(pump: Equipment) -> str:
    return str(pump.attributes.get("role", "supply"))


def _pumps(pumps: Sequence[Equipment], ground: Ground) -> Iterator[Model]:
    """Put pumps of one room and purpose together: a supply set, a fire main; pits by themselves."""
    rooms = sorted({pump.place for pump in pumps})
    for room in rooms:
        here = {
            role: [_pump(one, ground) for one in pumps if (one.place, _role(one)) == (room, role)]
            for role in ("supply", "fire", "jockey", "pit")
        }
        if here["supply"]:
            rng = chance(ground.seed, f"{room} supply")
            yield supply_set.SupplySet(here["supply"], rng, ground.zone, ground.start)
        if here["fire"] or here["jockey"]:
            rng = chance(ground.seed, f"{room} fire main")
            yield fire_main.FireMain(here["fire"], here["jockey"], rng, ground.start)
        for pump in here["pit"]:
            yield pit_pump.PitPump(pump, chance(ground.seed, f"{pump.id} pit"), ground.start)


def _cameras(cameras: Sequence[Equipment], ground: Ground) -> Iterator[Model]:
    for one in cameras:
        outdoor = flag(one, "outdoor", otherwise=False)
        view = camera.View(
            id=one.id, outdoor=outdoor, people_per_hour=4.0 if outdoor else 8.0, zone=ground.zone
        )
        yield camera.Camera(view, ground.chance(one), ground.start)


def _door_controllers(controllers: Sequence[Equipment], ground: Ground) -> Iterator[Model]:
    for one in controllers:
        yield door_controller.DoorController(one.id, ground.chance(one), ground.start)


def _recorders(recorders: Sequence[Equipment], ground: Ground) -> Iterator[Model]:
    for one in recorders:
        channels = int(number(one, "channels", 4))
        days = number(one, "recording_days", 30.0)
        yield nvr.Recorder(one.id, channels, days, ground.chance(one), ground.start)


def _barriers(barriers: Sequence[Equipment], ground: Ground) -> Iterator[Model]:
    for one in barriers:
        yield barrier.Barrier(one.id, ground.chance(one), ground.zone, ground.start)


def _of_a_kind(kind: sensor.Kind) -> Player:
    def build(equipment: Sequence[Equipment], ground: Ground) -> Iterator[Model]:
        for one in equipment:
            yield sensor.Sensor(one.id, kind, ground.chance(one), ground.zone, ground.start)

    return Player(build, kind.faults, kind.needs_part, figures=kind.figures)


PLAYERS: Mapping[str, Player] = {
    "elevator": Player(_elevators, elevator.FAULTS, grows=elevator.WEAR),
    "fire_panel": Player(_fire_panels, fire_panel.FAULTS, fire_panel.NEEDS_PART),
    "door": Player(_doors, door.FAULTS),
    "door_controller": Player(_door_controllers, door_controller.FAULTS),
    "camera": Player(_cameras, camera.FAULTS),
    "nvr": Player(_recorders, nvr.FAULTS, grows=nvr.WEAR),
    "pump": Player(
        _pumps, supply_set.FAULTS | fire_main.FAULTS | pit_pump.FAULTS, grows=WEAR_OF_A_PUMP
    ),
    "barrier": Player(_barriers, barrier.FAULTS),
    **{name: _of_a_kind(kind) for name, kind in KINDS.items()},
}


def faults_of(equipment_class: str) -> frozenset[str]:
    """Return the faults that equipment of a class can be given; none when nothing plays it."""
    player = PLAYERS.get(equipment_class)
    return player.faults | LINK_FAULTS | {NO_RESPONSE} if player else frozenset()
