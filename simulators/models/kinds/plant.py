"""Machines of the house: power, generator, air, heat, sewage, lights, and a cabinet of pumps.

Voltages and their limits follow GB/T 12325 (+7 %, −10 % of 220 V); water, power and light by the hour are of
``daily``; all else is experience (U). A generator's run costs 8 % of its tank an hour.
"""

from collections.abc import Mapping

from gengfu.core.clock import MINUTE
from gengfu.core.naming import Scalar
from simulators.models.daily import DAWN, DUSK, daylight, draw_off_mean, load_off_mean
from simulators.models.electricity import power_of_phases
from simulators.models.sensor import Count, Course, Kind, Pull, Trip

_FAULT: Mapping[str, Scalar] = {"fault": True}
_BY_PHASE = [f"{what}_{one}" for what in ("voltage", "current") for one in "abc"]
_COLD_CABLE = {"cable_temp": Pull(to=24, over=25 * MINUTE)}
_UNCOOLED = {"supply_temp": Pull(to=24, over=20 * MINUTE, back=4 * MINUTE)}
_UNPUMPED = {"pressure_out": Pull(to=0.1, over=2 * MINUTE, back=MINUTE)}


def _current(mean: float) -> Course:
    return Course(mean=mean, swing=mean, shape=load_off_mean, noise=0.05, relative=True)


PLANT: Mapping[str, Kind] = {
    "power_distribution": Kind(
        courses={
            "voltage_a": Course(mean=228, swing=3, peak=3, noise=1),
            "voltage_b": Course(mean=228, swing=3, peak=3, noise=1),
            "voltage_c": Course(mean=228, swing=3, peak=3, noise=1),
            "current_a": _current(62),
            "current_b": _current(60),
            "current_c": _current(61),
            "power_factor": Course(mean=0.94, noise=0.008),
            "leakage": Course(mean=45, noise=6),
            "cable_temp": Course(mean=41, swing=6, peak=20, noise=1),
        },
        steady={"energised": True, "breaker": "closed", "source": "mains", "fault": False},
        gates=dict.fromkeys((*_BY_PHASE, "power_factor", "leakage"), "energised"),
        derived={"power": power_of_phases},
        pulls={
            "outage": _COLD_CABLE,
            "tripped": _COLD_CABLE,
            "joint_hot": {"cable_temp": Pull(to=112, over=20 * MINUTE)},
            "voltage_low": {f"voltage_{one}": Pull(to=186, over=MINUTE) for one in "abc"},
            "voltage_high": {f"voltage_{one}": Pull(to=250, over=MINUTE) for one in "abc"},
            "unbalanced": {"current_a": Pull(to=130, over=2 * MINUTE)},
            "leaks": {"leakage": Pull(to=480, over=2 * MINUTE)},
        },
        changes={
            "outage": {"energised": False},
            "tripped": {"energised": False, "breaker": "tripped"},
            "on_standby": {"source": "standby"},
            "fault": _FAULT,
        },
    ),
    "generator": Kind(
        courses={
            "voltage": Course(mean=400, noise=1.5),
            "frequency": Course(mean=50, noise=0.08),
            "power": Course(mean=85, noise=2),
            "battery": Course(mean=27.2, noise=0.1),
            "coolant_temp": Course(mean=38, noise=0.5),
            "oil_pressure": Course(mean=380, noise=6),
        },
        counts={
            "run_hours": Count(of="run", begins=213),
            "fuel": Count(per_hour=-8, of="run", begins=82, least=0),
        },
        steady={
            "run": False,
            "mode": "auto",
            "start_signal": False,
            "emergency_stop": False,
            "fault": False,
        },
        stocks={"run": "fuel"},
        gates=dict.fromkeys(("voltage", "frequency", "power", "oil_pressure"), "run"),
        pulls={
            "called": {"coolant_temp": Pull(to=82, over=8 * MINUTE, back=40 * MINUTE, only="run")},
            "battery_low": {"battery": Pull(to=22.6, over=2 * MINUTE)},
            "overheats": {
                "coolant_temp": Pull(to=108, over=5 * MINUTE, back=40 * MINUTE, only="run")
            },
        },
        changes={
            "called": {"start_signal": True, "run": True},
            "does_not_start": {"run": False},
            "fuel_low": {"fuel": 18.0},
            "fuel_out": {"fuel": 0.0},
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
        gates={"current": "run", "filter_pressure": "run"},
        pulls={
            "stopped": _UNCOOLED,
            "does_not_start": _UNCOOLED,
            "fault": _UNCOOLED,
            "filter_blocked": {"filter_pressure": Pull(to=320, over=10 * MINUTE)},
            "stale_air": {"co2": Pull(to=2100, over=15 * MINUTE)},
        },
        changes={
            "stopped": {"run": False, "command": False},
            "does_not_start": {"run": False, "command": True},
            "frost": {"frost": True},
            "fault": {"fault": True, "run": False},
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
            "fault": {
                "supply_temp": Pull(to=24, over=60 * MINUTE, back=15 * MINUTE),
                "return_temp": Pull(to=23, over=60 * MINUTE, back=15 * MINUTE),
            },
            "cold": {"supply_temp": Pull(to=31, over=20 * MINUTE)},
            "hot": {"supply_temp": Pull(to=92, over=10 * MINUTE)},
            "leaks": {
                "pressure": Pull(to=0.09, over=10 * MINUTE),
                "makeup_flow": Pull(to=42, over=4 * MINUTE),
            },
            "overfilled": {
                "pressure": Pull(to=0.74, over=8 * MINUTE),
                "makeup_flow": Pull(to=14, over=MINUTE),
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
        courses={
            "illuminance": Course(mean=0, swing=60_000, shape=daylight, noise=0.25, relative=True),
            "current": Course(mean=3.1, noise=0.02),
        },
        hours={"lit": (DUSK, DAWN), "command": (DUSK, DAWN)},
        steady={
            "mode": "auto",
            "lamps": 24,
            "lamps_failed": 0,
            "leakage": 12.0,
            "fault": False,
        },
        gates={"current": "lit"},
        pulls={"lamps_failed": {"current": Pull(to=2.3, over=MINUTE)}},
        changes={
            "not_lit": {"lit": False, "command": True},
            "lit_by_day": {"lit": True, "command": False},
            "lamps_failed": {"lamps_failed": 6},
            "leaks": {"leakage": 410.0},
            "fault": _FAULT,
        },
    ),
    "pump_set": Kind(
        courses={
            "pressure_out": Course(mean=0.56, noise=0.003),
            "flow": Course(mean=260, swing=260, shape=draw_off_mean, noise=0.1, relative=True),
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
        gates={"flow": "delivering"},
        pulls={
            "none_left": _UNPUMPED,
            "mains_lost": _UNPUMPED,
            "pressure_low": {"pressure_out": Pull(to=0.42, over=2 * MINUTE)},
        },
        changes={
            "one_left": {"available": 1, "redundancy": False},
            "none_left": {
                "available": 0,
                "running": 0,
                "redundancy": False,
                "delivering": False,
            },
            "manual": {"mode": "manual"},
            "mains_lost": {"cabinet_mains": False, "running": 0, "delivering": False},
            "fault": _FAULT,
        },
    ),
}
"""By class."""
