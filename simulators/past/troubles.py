"""What goes wrong in a year: a plan of faults, drawn by how often each class has them.

The rates are a property company's experience (U: plausible, not measured), per piece and year; how
long a trouble lasts is drawn evenly in its logarithm, as repairs are. What a person finds on the spot
belongs to the truth as well. Lifts are maintained twice a month, as TSG T5002 has it.
"""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from zoneinfo import ZoneInfo

from gengfu.core.clock import DAY, HOUR, MINUTE, Micros, to_iso, wall
from gengfu.core.naming import Scalar
from gengfu.ledger.model import Equipment, SiteLedger
from simulators.device import Injection
from simulators.estate.catalogue import PLAYERS

YEAR: Micros = 365 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Ailment:
    """A fault that a class has ``often`` times a year and piece, for ``least`` to ``most`` long."""

    fault: str
    often: float
    least: Micros
    most: Micros
    found: str = "fault"
    """What a person says who has seen it: a word of the alerts' verdicts."""
    role: str | None = None
    """Only where the ledger gives this role."""
    parts: frozenset[str] = frozenset()
    """It happens at an address of one of these types; none = at the equipment itself."""
    settings: Mapping[str, Scalar] = field(default_factory=dict)
    by_day: bool = False
    """Only between eight and five, when the trades work."""


def _ail(
    fault: str,
    often: float,
    least: Micros,
    most: Micros,
    found: str = "fault",
    *,
    role: str | None = None,
    parts: Sequence[str] = (),
    by_day: bool = False,
    **settings: Scalar,
) -> Ailment:
    return Ailment(
        fault=fault,
        often=often,
        least=least,
        most=most,
        found=found,
        role=role,
        parts=frozenset(parts),
        settings=settings,
        by_day=by_day,
    )


_DETECTORS = ("smoke", "heat")

AILMENTS: Mapping[str, Sequence[Ailment]] = {
    "elevator": (
        _ail("inspection", 24, 40 * MINUTE, 90 * MINUTE, "test", by_day=True),
        _ail("controller_fault", 1.5, 30 * MINUTE, 5 * HOUR),
        _ail("door_blocked", 1.0, 20 * MINUTE, 3 * HOUR),
        _ail("stuck_between_floors", 0.2, 15 * MINUTE, 50 * MINUTE, "real", occupied=True),
        _ail("machine_room_hot", 0.2, 2 * HOUR, 8 * HOUR),
        _ail("ebike", 2.0, 5 * MINUTE, 8 * MINUTE, "real"),
    ),
    "pump": (
        _ail("trip", 0.4, HOUR, 8 * HOUR),
        _ail("dry_running", 0.1, 30 * MINUTE, 2 * HOUR, "real", role="supply"),
        _ail("imbalance", 0.2, 4 * HOUR, 2 * DAY, role="supply"),
        _ail("burst", 0.1, 40 * MINUTE, 3 * HOUR, "real", role="supply"),
        _ail("inflow", 0.5, HOUR, 4 * HOUR, "real", role="pit"),
        _ail("manual", 0.5, 2 * HOUR, DAY, role="fire"),
    ),
    "fire_panel": (
        _ail("fire", 12.0, 6 * MINUTE, 25 * MINUTE, "false", parts=_DETECTORS),
        _ail("part_fault", 10.0, 2 * HOUR, DAY, parts=_DETECTORS),
        _ail("isolated", 6.0, 2 * HOUR, 10 * HOUR, "test", parts=_DETECTORS, by_day=True),
        _ail("mains_lost", 0.5, 20 * MINUTE, 3 * HOUR),
        _ail("manual", 1.0, HOUR, 6 * HOUR, "test", by_day=True),
    ),
    "door": (
        _ail("held_open", 2.0, 10 * MINUTE, 40 * MINUTE, "misuse"),
        _ail("probing", 0.2, 6 * MINUTE, 10 * MINUTE, "real"),
        _ail("forced", 0.05, 10 * MINUTE, HOUR, "real"),
        _ail("lock_fault", 0.3, HOUR, 10 * HOUR),
    ),
    "door_controller": (
        _ail("mains_lost", 0.3, 20 * MINUTE, 2 * HOUR),
        _ail("offline", 1.0, 40 * MINUTE, 4 * HOUR),
    ),
    "camera": (
        _ail("covered", 0.2, 30 * MINUTE, 5 * HOUR, "real"),
        _ail("frozen", 0.3, HOUR, 12 * HOUR),
        _ail("video_loss", 0.4, 2 * HOUR, 2 * DAY),
        _ail("offline", 0.6, HOUR, DAY),
    ),
    "nvr": (_ail("disk_fault", 0.4, 6 * HOUR, 3 * DAY),),
    "power_distribution": (
        _ail("outage", 0.4, 20 * MINUTE, 2 * HOUR, "real"),
        _ail("joint_hot", 0.2, 2 * HOUR, DAY),
        _ail("unbalanced", 0.5, 2 * HOUR, 8 * HOUR),
    ),
    "barrier": (
        _ail("struck", 1.0, HOUR, DAY, "real"),
        _ail("stuck", 2.0, 20 * MINUTE, 3 * HOUR),
    ),
    "gas_detector": (
        _ail("leak", 0.3, 20 * MINUTE, 40 * MINUTE, "real"),
        _ail("fault", 0.3, 4 * HOUR, DAY),
    ),
    "perimeter": (
        _ail(
            "alarm", 30.0, 2 * MINUTE, 5 * MINUTE, "false", parts=("beam", "fence"), cause="animal"
        ),
        _ail("zone_fault", 1.0, 2 * HOUR, DAY),
    ),
    "room_environment": (_ail("aircon_failed", 0.5, 2 * HOUR, DAY),),
    "manhole": (_ail("blocked", 0.3, 2 * HOUR, 8 * HOUR, "real"),),
    "water_quality": (_ail("turbid", 0.5, HOUR, 4 * HOUR, "real"),),
    "call_button": (_ail("pressed", 1.0, 3 * MINUTE, 6 * MINUTE, "misuse"),),
    "hvac": (
        _ail("does_not_start", 1.0, HOUR, 8 * HOUR),
        _ail("filter_blocked", 1.0, 6 * HOUR, 3 * DAY),
    ),
    "heating_substation": (_ail("cold", 0.5, 2 * HOUR, 10 * HOUR),),
    "generator": (_ail("fuel_low", 0.5, 6 * HOUR, 2 * DAY), _ail("fault", 0.2, 4 * HOUR, 2 * DAY)),
    "light": (_ail("lamps_failed", 1.0, 6 * HOUR, 3 * DAY),),
    "smoke_control": (_ail("mains_lost", 0.3, HOUR, 6 * HOUR), _ail("manual", 1.0, HOUR, 8 * HOUR)),
    "sprinkler": (
        _ail("valve_shut", 0.3, 2 * HOUR, 10 * HOUR),
        _ail("fault", 0.3, HOUR, 10 * HOUR),
    ),
    "pump_set": (_ail("one_left", 0.5, 4 * HOUR, 2 * DAY),),
    "sewage_treatment": (_ail("blower_failed", 0.5, 2 * HOUR, DAY),),
    "network_gateway": (_ail("uplink_lost", 1.0, 30 * MINUTE, 4 * HOUR),),
    "wireless_sensor": (_ail("tamper", 0.3, 20 * MINUTE, 2 * HOUR, "misuse"),),
    "water_meter": (_ail("leak", 0.3, 6 * HOUR, 3 * DAY, "real"),),
    "noise_meter": (_ail("loud", 2.0, 30 * MINUTE, 2 * HOUR, "real"),),
    "extinguisher": (_ail("taken_away", 0.2, 6 * HOUR, 3 * DAY, "misuse"),),
    "hydrant": (_ail("opened", 0.3, 20 * MINUTE, 2 * HOUR, "misuse"),),
    "electricity_meter": (_ail("power_factor_low", 0.5, 6 * HOUR, DAY),),
    "patrol_point": (_ail("tamper", 0.1, HOUR, DAY, "misuse"),),
}
"""By class. A class that does not stand here has no troubles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One fault of the past, as it really was. Times in µs."""

    begins: Micros
    ends: Micros
    site: str
    injection: Injection
    found: str
    """What a person on the spot says of it."""


def plan(
    ledger: SiteLedger, *, start: Micros, end: Micros, seed: int, often: float = 1.0
) -> tuple[Trouble, ...]:
    """Draw the troubles of a site in [start, end), in their order; ``often`` makes more of them.

    One machine has one trouble at a time, and so have those that are one model with it.
    """
    drawn = [
        trouble
        for equipment in ledger.equipment.values()
        if equipment.equipment_class in PLAYERS
        for trouble in _of(equipment, ledger, start, end, seed, often)
    ]
    free_at: dict[str, Micros] = {}
    kept = []
    for one in sorted(drawn, key=lambda one: (one.begins, one.injection.equipment)):
        cast = cast_of(ledger, one.injection.equipment)
        if all(free_at.get(id_, start) <= one.begins for id_ in cast):
            free_at.update(dict.fromkeys(cast, one.ends + _REST))
            kept.append(one)
    return tuple(kept)


_REST: Micros = HOUR
"""So long at least everything is as it should be between two troubles of a machine."""


def cast_of(ledger: SiteLedger, equipment: str) -> frozenset[str]:
    """Return whom a trouble of an equipment concerns.

    A pump's room, the recorder that misses a camera's channel, those that it speaks for, what it feeds.
    """
    one = ledger.equipment[equipment]
    cast, waiting = {equipment}, [equipment]
    recorder = ledger.equipment.get(one.parent or "")
    if recorder is not None and recorder.equipment_class == "nvr":
        cast.add(recorder.id)
    if one.equipment_class == "pump":
        cast |= {
            other.id
            for other in ledger.equipment.values()
            if (other.equipment_class, other.place) == ("pump", one.place)
        }
    while waiting:
        id_ = waiting.pop()
        near = {*ledger.children_of(id_), *_fed(ledger, ledger.equipment[id_])} - cast
        cast |= near
        waiting.extend(near)
    return frozenset(cast)


def _fed(ledger: SiteLedger, feeder: Equipment) -> Iterator[str]:
    for fed in feeder.feeds if feeder.equipment_class == "power_distribution" else ():
        if fed in ledger.equipment:
            yield fed
        else:
            yield from (
                one.id
                for one in ledger.equipment.values()
                if any(step.id == fed for step in ledger.way_to(one.place))
            )


def _of(
    equipment: Equipment, ledger: SiteLedger, start: Micros, end: Micros, seed: int, often: float
) -> Iterator[Trouble]:
    rng = Random(f"{seed}/{equipment.id} troubles")
    role, zone = equipment.attributes.get("role", "supply"), ZoneInfo(ledger.site.time_zone)
    for one in AILMENTS.get(equipment.equipment_class, ()):
        if one.role not in {None, role}:
            continue
        parts = [part.address for part in equipment.parts.values() if part.type in one.parts]
        if one.parts and not parts:
            continue
        at: float = start
        while (at := at + rng.expovariate(one.often * often) * YEAR) < end:
            begins = _in_working_hours(round(at), zone, rng) if one.by_day else round(at)
            lasts = round(math.exp(rng.uniform(math.log(one.least), math.log(one.most))))
            part = rng.choice(parts) if parts else None
            if start <= begins and begins + lasts + HOUR < end:
                yield Trouble(
                    begins=begins,
                    ends=begins + lasts,
                    site=ledger.site.id,
                    injection=Injection(
                        equipment=equipment.id, fault=one.fault, part=part, settings=one.settings
                    ),
                    found=one.found,
                )


def _in_working_hours(at: Micros, zone: ZoneInfo, rng: Random) -> Micros:
    """Return a moment of the same local day between eight and four: it is over by five."""
    return at - wall(at, zone) % DAY + round(rng.uniform(8, 16) * HOUR)


def truth(troubles: Iterable[Trouble]) -> str:
    """Return a plan as CSV: what really was, for whoever holds alerts and availability against it."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("begins", "ends", "site", "equipment", "part", "fault", "found"))
    for one in troubles:
        injection = one.injection
        table.writerow(
            (
                to_iso(one.begins),
                to_iso(one.ends),
                one.site,
                injection.equipment,
                injection.part or "",
                injection.fault,
                one.found,
            )
        )
    return text.getvalue()
