"""What watches a place: gas, key rooms, manholes, noise, drinking water.

Courses and time constants are experience (U): plausible, not measured.
"""

from collections.abc import Mapping

from gengfu.core.clock import MINUTE
from gengfu.core.naming import Scalar
from simulators.models.sensor import Course, Kind, Pull, Trip

_FAULT: Mapping[str, Scalar] = {"fault": True}

PLACES: Mapping[str, Kind] = {
    "gas_detector": Kind(
        courses={"concentration": Course(mean=0.4, noise=0.3)},
        steady={"mains": True, "expired": False, "fault": False},
        trips=(
            Trip(point="alarm", watches="concentration", limit=20, otherwise=False, then=True),
            Trip(
                point="valve",
                watches="concentration",
                limit=20,
                otherwise="open",
                then="closed",
                unless="valve_stuck",
            ),
            Trip(point="fan_run", watches="concentration", limit=20, otherwise=False, then=True),
        ),
        pulls={
            "leak": {"concentration": Pull(to=45, over=2 * MINUTE)},
            "seep": {"concentration": Pull(to=14, over=5 * MINUTE)},
        },
        changes={
            "expired": {"expired": True, "concentration": 0.0},
            "mains_lost": {"mains": False},
            "fault": _FAULT,
        },
    ),
    "room_environment": Kind(
        courses={
            "temperature": Course(mean=24, swing=1.2, noise=0.4),
            "humidity": Course(mean=52, swing=5, peak=5, noise=2.5),
        },
        steady={"leak": False, "smoke": False, "mains": True, "aircon_run": True, "fault": False},
        pulls={
            "aircon_failed": {"temperature": Pull(to=44, over=60 * MINUTE, back=20 * MINUTE)},
            "mains_lost": {"temperature": Pull(to=33, over=90 * MINUTE, back=20 * MINUTE)},
            "damp": {"humidity": Pull(to=92, over=40 * MINUTE)},
        },
        changes={
            "aircon_failed": {"aircon_run": False},
            "flooded": {"leak": True},
            "smoke": {"smoke": True},
            "mains_lost": {"mains": False, "aircon_run": False},
            "fault": _FAULT,
        },
    ),
    "manhole": Kind(
        courses={
            "level": Course(mean=0.35, swing=0.1, peak=20, noise=0.04),
            "gas": Course(mean=0.8, noise=0.4),
        },
        steady={"cover": "closed", "tilt": 0.0, "battery": 88.0, "fault": False},
        trips=(Trip(point="high", watches="level", limit=1.5, otherwise=False, then=True),),
        pulls={
            "blocked": {"level": Pull(to=2.2, over=20 * MINUTE)},
            "gas": {"gas": Pull(to=40, over=5 * MINUTE)},
        },
        changes={
            "cover_away": {"cover": "open", "tilt": 70.0},
            "battery_low": {"battery": 9.0},
            "fault": _FAULT,
        },
    ),
    "noise_meter": Kind(
        courses={"level": Course(mean=48, swing=6, noise=2)},
        steady={"fault": False},
        pulls={"loud": {"level": Pull(to=84, over=MINUTE)}},
        changes={"fault": _FAULT},
    ),
    "water_quality": Kind(
        courses={
            "chlorine": Course(mean=0.35, swing=0.04, peak=10, noise=0.03),
            "turbidity": Course(mean=0.25, swing=0.04, peak=8, noise=0.03),
            "ph": Course(mean=7.4, noise=0.06),
            "water_temp": Course(mean=16, swing=0.6, peak=17, noise=0.2),
            "conductivity": Course(mean=420, noise=8),
        },
        steady={"sample_flow": True, "fault": False},
        pulls={
            "turbid": {"turbidity": Pull(to=3.2, over=5 * MINUTE)},
            "unchlorinated": {"chlorine": Pull(to=0.0, over=20 * MINUTE)},
            "overdosed": {"chlorine": Pull(to=4.0, over=10 * MINUTE)},
            "acid": {"ph": Pull(to=5.8, over=10 * MINUTE)},
        },
        changes={"no_sample": {"sample_flow": False}, "fault": _FAULT},
    ),
}
"""By class. The device trips at 20 % LEL and at 1.5 m, the limits that its rules take too (U)."""
