"""Machines of the house: power, generator, air, heat, sewage, lights, and a cabinet of pumps.

Voltages and their limits follow GB/T 12325 (+7 %, −10 % of 220 V); all else is experience (U).
"""

from collections.abc import Mapping

from gengfu.core.clock import MINUTE
from gengfu.core.naming import Scalar
from simulators.models.sensor import Count, Course, Kind, Pull, Trip

_FAULT: Mapping[str, Scalar] = {"fault": True}
_DEAD: Mapping[str, Scalar] = {
    "energised": False,
    "voltage_a": 0.0,
    "voltage_b": 0.0,
    "voltage_c": 0.0,
    "current_a": 0.0,
    "current_b": 0.0,
    "current_c": 0.0,
    "power": 0.0,
}

PLANT: Mapping[str, Kind] = {
    "power_distribution": Kind(
        courses={
            "voltage_a": Course(mean=228, swing=3, peak=3, noise=1),
            "voltage_b": Course(mean=228, swing=3, peak=3, noise=1),
            "voltage_c": Course(mean=228, swing=3, peak=3, noise=1),
            "current_a": Course(mean=62, swing=18, peak=19, noise=3),
            "current_b": Course(mean=60, swing=18, peak=19, noise=3),
            "current_c": Course(mean=61, swing=18, peak=19, noise=3),
            "power": Course(mean=39, swing=11, peak=19, noise=1.5),
            "power_factor": Course(mean=0.94, noise=0.008),
            "leakage": Course(mean=45, noise=6),
            "cable_temp": Course(mean=41, swing=6, peak=20, noise=1),
        },
        steady={"energised": True, "breaker": "closed", "source": "mains", "fault": False},
        pulls={
            "joint_hot": {"cable_temp": Pull(to=112, over=20 * MINUTE)},
            "voltage_low": {f"voltage_{one}": Pull(to=186, over=MINUTE) for one in "abc"},
            "voltage_high": {f"voltage_{one}": Pull(to=250, over=MINUTE) for one in "abc"},
            "unbalanced": {"current_a": Pull(to=130, over=2 * MINUTE)},
            "leaks": {"leakage": Pull(to=480, over=2 * MINUTE)},
        },
        changes={
            "outage": _DEAD,
            "tripped": {**_DEAD, "breaker": "tripped"},
            "on_standby": {"source": "standby"},
            "fault": _FAULT,
        },
    ),
    "generator": Kind(
        courses={
            "voltage": Course(mean=0),
            "frequency": Course(mean=0),
            "power": Course(mean=0),
            "fuel": Course(mean=82),
            "battery": Course(mean=27.2, noise=0.1),
            "coolant_temp": Course(mean=38, noise=0.5),
            "oil_pressure": Course(mean=0),
        },
        counts={"run_hours": Count(per_hour=0, begins=213)},
        steady={
            "run": False,
            "mode": "auto",
            "start_signal": False,
            "emergency_stop": False,
            "fault": False,
        },
        pulls={
            "called": {
                "voltage": Pull(to=400, over=MINUTE // 12),
                "frequency": Pull(to=50, over=MINUTE // 12),
                "power": Pull(to=85, over=MINUTE // 6),
                "coolant_temp": Pull(to=82, over=8 * MINUTE),
                "oil_pressure": Pull(to=380, over=MINUTE // 12),
            },
            "fuel_low": {"fuel": Pull(to=18, over=MINUTE)},
            "battery_low": {"battery": Pull(to=22.6, over=2 * MINUTE)},
            "overheats": {"coolant_temp": Pull(to=108, over=5 * MINUTE)},
        },
        changes={
            "called": {"start_signal": True, "run": True},
            "does_not_start": {
                "run": False,
                "voltage": 0.0,
                "frequency": 0.0,
                "power": 0.0,
                "oil_pressure": 0.0,
            },
            "oil_lost": {"oil_pressure": 60.0},
            "manual": {"mode": "manual"},
            "emergency_stop": {"emergency_stop": True, "run": False},
            "fault": _FAULT,
        },
    ),
    "hvac": Kind(
        courses={
            "supply_temp": Course(mean=16, noise=0.3),
            "return_temp": Course(mean=24, swing=0.8, noise=0.3),
            "co2": Course(mean=720, swing=180, peak=15, noise=40, least=400),
            "filter_pressure": Course(mean=110, noise=4),
            "current": Course(mean=11, noise=0.2),
        },
        steady={
            "run": True,
            "command": True,
            "mode": "auto",
            "set_temp": 24.0,
            "frost": False,
            "fault": False,
        },
        pulls={
            "filter_blocked": {"filter_pressure": Pull(to=320, over=10 * MINUTE)},
            "stale_air": {"co2": Pull(to=2100, over=15 * MINUTE)},
        },
        changes={
            "stopped": {"run": False, "command": False, "current": 0.0},
            "does_not_start": {"run": False, "command": True, "current": 0.0},
            "frost": {"frost": True},
            "fault": {"fault": True, "run": False, "current": 0.0},
        },
    ),
    "heating_substation": Kind(
        courses={
            "supply_temp": Course(mean=46, noise=0.4),
            "return_temp": Course(mean=37, noise=0.4),
            "primary_temp": Course(mean=78, noise=1),
            "pressure": Course(mean=0.32, noise=0.004),
            "makeup_flow": Course(mean=1.5, noise=0.4),
            "outdoor_temp": Course(mean=4, swing=4, noise=0.5, least=-40),
        },
        steady={
            "run": True,
            "mode": "auto",
            "set_temp": 46.0,
            "floor_leak": False,
            "fault": False,
        },
        pulls={
            "cold": {"supply_temp": Pull(to=31, over=20 * MINUTE)},
            "hot": {"supply_temp": Pull(to=92, over=10 * MINUTE)},
            "leaks": {
                "pressure": Pull(to=0.09, over=10 * MINUTE),
                "makeup_flow": Pull(to=42, over=4 * MINUTE),
            },
        },
        changes={
            "flooded": {"floor_leak": True},
            "manual": {"mode": "manual"},
            "fault": {"fault": True, "run": False},
        },
    ),
    "sewage_treatment": Kind(
        courses={
            "level": Course(mean=1.4, swing=0.3, peak=21, noise=0.05),
            "dissolved_oxygen": Course(mean=2.8, noise=0.2),
            "cod": Course(mean=38, noise=3),
            "ph": Course(mean=7.3, noise=0.08),
            "h2s": Course(mean=1.2, noise=0.4),
        },
        steady={"run": True, "mode": "auto", "blower_run": True, "fault": False},
        trips=(Trip(point="high_level", watches="level", limit=2.4, otherwise=False, then=True),),
        pulls={
            "gas": {"h2s": Pull(to=26, over=2 * MINUTE)},
            "blocked": {"level": Pull(to=3.1, over=10 * MINUTE)},
            "blower_failed": {"dissolved_oxygen": Pull(to=0.3, over=10 * MINUTE)},
        },
        changes={
            "blower_failed": {"blower_run": False},
            "manual": {"mode": "manual"},
            "fault": {"fault": True, "run": False},
        },
    ),
    "light": Kind(
        courses={"illuminance": Course(mean=9000, swing=9500, peak=12.5, noise=300)},
        hours={"lit": (18.5, 6.0), "command": (18.5, 6.0)},
        steady={
            "mode": "auto",
            "lamps": 24,
            "lamps_failed": 0,
            "current": 3.1,
            "leakage": 12.0,
            "fault": False,
        },
        changes={
            "not_lit": {"lit": False, "command": True, "current": 0.0},
            "lit_by_day": {"lit": True, "command": False},
            "lamps_failed": {"lamps_failed": 6},
            "leaks": {"leakage": 410.0},
            "fault": _FAULT,
        },
    ),
    "pump_set": Kind(
        courses={
            "pressure_out": Course(mean=0.56, noise=0.003),
            "flow": Course(mean=260, swing=120, peak=20, noise=30),
        },
        steady={
            "mode": "auto",
            "delivering": True,
            "pumps": 3,
            "available": 3,
            "needed": 1,
            "running": 1,
            "redundancy": True,
            "pressure_set": 0.56,
            "cabinet_mains": True,
            "fault": False,
        },
        pulls={"pressure_low": {"pressure_out": Pull(to=0.42, over=2 * MINUTE)}},
        changes={
            "one_left": {"available": 1, "redundancy": False},
            "none_left": {
                "available": 0,
                "running": 0,
                "redundancy": False,
                "delivering": False,
                "pressure_out": 0.0,
                "flow": 0.0,
            },
            "manual": {"mode": "manual"},
            "mains_lost": {"cabinet_mains": False, "running": 0, "delivering": False, "flow": 0.0},
            "fault": _FAULT,
        },
    ),
}
"""By class."""
