"""A sump pit in a basement: it fills, a float starts the pump, another shouts.

Geometry by experience (U): 1.5 m² of pit, start at 0.9 m, stop at 0.3 m, very high at 1.2 m; a few
litres a minute of seepage, now and then a hose.
"""

from collections.abc import Mapping
from random import Random

from gengfu.core.clock import Micros
from gengfu.core.naming import Scalar
from simulators.models.pump import FAULTS_OF_A_PUMP, Pump, Station

FAULTS = FAULTS_OF_A_PUMP | {"inflow", "started"}
"""``inflow``: more water than the pump can lift."""

AREA = 1.5
STOP, START, VERY_HIGH, BRIM = 0.3, 0.9, 1.2, 1.5

_SEEPAGE = 6.0
_HOSE = 60.0
_HOSE_STARTS = 1 / 7200
_HOSE_ENDS = 1 / 480


class PitPump(Station):
    """One pit with one pump; it has floats but no pressure gauge."""

    def __init__(self, pump: Pump, rng: Random, start: Micros) -> None:
        super().__init__([pump], start)
        self.pump, self.rng = pump, rng
        self.level = rng.uniform(STOP, START)
        self._hose = False

    def live(self, seconds: float) -> None:
        changes = _HOSE_ENDS if self._hose else _HOSE_STARTS
        self._hose ^= self.rng.random() < changes * seconds
        wet = self.level > (STOP if self.pump.running else START)
        by_hand = "started" in self.pump.faults
        self.pump.switch(on=(wet and self.pump.available) or by_hand)
        lifted = 0.9 * self.pump.curve.flow
        self.pump.live(seconds, speed=1.0, flow=lifted)
        inflow = _SEEPAGE + _HOSE * self._hose
        if "inflow" in self.pump.faults:
            inflow += 1.3 * self.pump.curve.flow
        rise = (inflow - self.pump.flow) / 1000 / AREA * seconds / 60
        self.level = min(max(self.level + rise, 0.0), BRIM)

    def points_of(self, pump: Pump) -> Mapping[str, Scalar]:
        return {
            "float_start": self.level > (STOP if pump.running else START),
            "float_very_high": self.level >= VERY_HIGH,
        }
