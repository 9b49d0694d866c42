"""Meters, sensors on a battery, and the gateways and switches that all of them hang on.

A switch's heat and what is left on (40 kW of cooling) are experience (U); water and power are drawn as
``daily`` has it. A battery sensor speaks every few minutes and by radio: weak where a cellar door
has been shut. Whom a gateway misses and what it keeps is ``links``'s to say.
"""

from collections.abc import Mapping

from gengfu.core.clock import HOUR, MINUTE
from gengfu.core.naming import Scalar
from simulators.models.daily import draw_off_mean, load_off_mean
from simulators.models.electricity import phase_current
from simulators.models.sensor import Count, Course, Kind, Pull

_FAULT: Mapping[str, Scalar] = {"fault": True}
_TAMPER: Mapping[str, Scalar] = {"tamper": True}

METERING: Mapping[str, Kind] = {
    "electricity_meter": Kind(
        courses={
            "power": Course(mean=21, swing=21, shape=load_off_mean, noise=0.06, relative=True),
            "voltage": Course(mean=228, swing=3, peak=3, noise=1),
            "power_factor": Course(mean=0.95, noise=0.008),
        },
        derived={"current": phase_current},
        counts={"energy": Count(of="power", begins=184_200)},
        steady={"cover_open": False, "fault": False},
        pulls={
            "power_factor_low": {"power_factor": Pull(to=0.71, over=2 * MINUTE)},
            "left_on": {"power": Pull(to=61, over=MINUTE)},
        },
        changes={"cover_open": {"cover_open": True}, "fault": _FAULT},
    ),
    "water_meter": Kind(
        courses={
            "flow": Course(mean=4.2, swing=4.2, shape=draw_off_mean, noise=0.12, relative=True),
            "battery": Course(mean=88),
        },
        counts={"total": Count(of="flow", begins=51_300)},
        steady={"tamper": False, "fault": False},
        pulls={
            "leak": {"flow": Pull(to=11, over=MINUTE)},
            "reverse": {"flow": Pull(to=-9, over=MINUTE)},
            "battery_low": {"battery": Pull(to=9, over=HOUR // 6)},
        },
        changes={"tamper": _TAMPER, "fault": _FAULT},
    ),
    "wireless_sensor": Kind(
        courses={
            "value": Course(mean=21, swing=2, noise=0.3),
            "battery": Course(mean=77),
            "battery_voltage": Course(mean=3.05, noise=0.005),
            "rssi": Course(mean=-84, noise=2, least=-140),
            "snr": Course(mean=8, noise=1, least=-20),
        },
        steady={"active": False, "tamper": False, "fault": False},
        pulls={
            "battery_low": {"battery": Pull(to=7, over=HOUR // 6)},
            "shielded": {"rssi": Pull(to=-127, over=MINUTE), "snr": Pull(to=-14, over=MINUTE)},
        },
        changes={"active": {"active": True}, "tamper": _TAMPER, "fault": _FAULT},
    ),
    "network_gateway": Kind(
        courses={
            "cpu": Course(mean=17, swing=5, noise=3),
            "temperature": Course(mean=43, swing=4, noise=0.8),
        },
        steady={
            "uplink": True,
            "children_lost": 0,
            "buffered": 0,
            "mains": True,
            "battery_low": False,
            "fault": False,
        },
        pulls={"hot": {"temperature": Pull(to=82, over=10 * MINUTE)}},
        changes={
            "uplink_lost": {"uplink": False},
            "mains_lost": {"mains": False},
            "battery_low": {"battery_low": True},
            "fault": _FAULT,
        },
    ),
}
"""By class."""
