"""Fire protection that is no detector: sprinklers, smoke control, hydrants, extinguishers.

Pressures at a sprinkler's end and at the worst hydrant follow GB 50974 and GB 50084 as read in field
guides (U as to figures). Extinguishers and hydrants speak through the person who inspects them.
"""

from collections.abc import Mapping

from gengfu.core.clock import MINUTE
from gengfu.core.naming import Scalar
from simulators.models.sensor import Count, Course, Kind, Pull, Telling

_FAULT: Mapping[str, Scalar] = {"fault": True}
_A_DAY = 1 / 24

FIRE_WATER: Mapping[str, Kind] = {
    "smoke_control": Kind(
        courses={"pressure": Course(mean=48, noise=0.8)},
        steady={
            "fan_run": False,
            "start_signal": False,
            "mode": "auto",
            "damper": "closed",
            "shutter": "up",
            "mains": True,
            "fault": False,
        },
        gates={"pressure": "fan_run"},
        changes={
            "started": {
                "fan_run": True,
                "start_signal": True,
                "damper": "open",
                "shutter": "down",
            },
            "runs_unasked": {"fan_run": True},
            "fan_dead": {"fan_run": False},
            "damper_stuck": {"damper": "closed"},
            "manual": {"mode": "manual"},
            "mains_lost": {"mains": False, "fan_run": False},
            "fault": _FAULT,
        },
        tells={"test_failed": Telling(begins="tested")},
    ),
    "sprinkler": Kind(
        courses={
            "pressure": Course(mean=0.42, noise=0.003),
            "supply_pressure": Course(mean=0.44, noise=0.003),
            "end_pressure": Course(mean=0.16, noise=0.003),
        },
        steady={"flow_switch": False, "pressure_switch": False, "valve": "open", "fault": False},
        pulls={
            "flow": {
                "pressure": Pull(to=0.24, over=MINUTE),
                "supply_pressure": Pull(to=0.27, over=MINUTE),
            },
            "valve_shut": {"pressure": Pull(to=0.30, over=20 * MINUTE)},
            "empty": {
                "pressure": Pull(to=0.04, over=3 * MINUTE),
                "end_pressure": Pull(to=0.01, over=3 * MINUTE),
            },
        },
        changes={
            "flow": {"flow_switch": True, "pressure_switch": True},
            "surge": {"flow_switch": True},
            "valve_shut": {"valve": "closed"},
            "fault": _FAULT,
        },
        tells={"test_failed": Telling(begins="tested")},
    ),
    "hydrant": Kind(
        courses={"pressure": Course(mean=0.28, noise=0.004)},
        counts={
            "inspected_days": Count(per_hour=_A_DAY, begins=6),
            "test_days": Count(per_hour=_A_DAY, begins=80),
        },
        steady={"intact": True, "open": False, "obstructed": False},
        pulls={"no_pressure": {"pressure": Pull(to=0.02, over=2 * MINUTE)}},
        changes={
            "broken": {"intact": False},
            "opened": {"open": True},
            "obstructed": {"obstructed": True},
            "overdue": {"inspected_days": 38.0},
        },
        restarts={"inspected": "inspected_days"},
    ),
    "extinguisher": Kind(
        counts={
            "inspected_days": Count(per_hour=_A_DAY, begins=9),
            "service_days": Count(per_hour=-_A_DAY, begins=240),
            "scrap_days": Count(per_hour=-_A_DAY, begins=1900),
        },
        steady={"intact": True, "in_place": True, "pressure_low": False},
        changes={
            "broken": {"intact": False},
            "taken_away": {"in_place": False},
            "pressure_low": {"pressure_low": True},
            "overdue": {"inspected_days": 41.0},
            "service_due": {"service_days": 12.0},
            "scrap_due": {"scrap_days": -20.0},
        },
        tells={"inspected": Telling(begins="inspected")},
        restarts={"inspected": "inspected_days"},
    ),
}
"""By class."""
