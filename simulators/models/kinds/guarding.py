"""What guards stand behind: the fence, call buttons, points of a patrol. All of it experience (U).

A perimeter host speaks by the events of its zones; how many are in alarm or bypassed follows.
"""

from collections.abc import Mapping

from gengfu.core.clock import DAY, HOUR
from gengfu.core.naming import Scalar
from simulators.models.sensor import Course, Kind, Pull, Telling

_FAULT: Mapping[str, Scalar] = {"fault": True}
_TAMPER: Mapping[str, Scalar] = {"tamper": True}

GUARDING: Mapping[str, Kind] = {
    "perimeter": Kind(
        steady={
            "mode": "armed",
            "disarmed": 0,
            "mains": True,
            "battery_low": False,
            "tamper": False,
            "fault": False,
        },
        tallies={"in_alarm": "alarm", "bypassed": "bypassed"},
        changes={
            "disarmed": {"mode": "disarmed"},
            "mains_lost": {"mains": False},
            "battery_low": {"battery_low": True},
            "tamper": _TAMPER,
            "fault": _FAULT,
        },
        tells={
            "alarm": Telling(begins="alarm", ends="restored"),
            "bypassed": Telling(begins="bypassed", ends="bypass_lifted"),
            "zone_fault": Telling(begins="zone_fault", ends="restored"),
            "disarmed": Telling(begins="disarmed", ends="armed"),
        },
    ),
    "call_button": Kind(
        courses={"battery": Course(mean=86)},
        steady={"pressed": False, "tamper": False, "fault": False},
        pulls={"battery_low": {"battery": Pull(to=12, over=HOUR // 12)}},
        changes={"pressed": {"pressed": True}, "tamper": _TAMPER, "fault": _FAULT},
        tells={
            "called": Telling(begins="call", ends="reset"),
            "tested": Telling(begins="test"),
        },
    ),
    "patrol_point": Kind(
        courses={"battery": Course(mean=91)},
        steady={"tamper": False, "fault": False},
        pulls={"battery_low": {"battery": Pull(to=8, over=DAY // 24)}},
        changes={"tamper": _TAMPER, "fault": _FAULT},
        tells={"check_in": Telling(begins="check_in")},
        routine={"check_in": 1.5},
    ),
}
"""By class."""
