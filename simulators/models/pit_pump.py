"""A sump pit in a basement: it fills, a float starts the pump, another shouts.

Geometry by experience (U): 1.5 m² of pit, start at 0.9 m, stop at 0.3 m, very high at 1.2 m; a few
litres a minute of seepage, now and then a hose. Half the pump's head is height, and it delivers nine
tenths of its rated flow (U).
"""

from collections.abc import Mapping
from random import Random

from gengfu.core.clock import Micros
from gengfu.core.naming import Scalar
from simulators.models.hydraulics import Delivery, Pipe, duty_point
from simulators.models.pump import FAULTS_OF_A_PUMP, STILL, Pump, Station
from simulators.models.tank import Tank

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
        self.pit = Tank(area=AREA, brim=BRIM, level=rng.uniform(STOP, START))
        usual, static = 0.9 * pump.curve.flow, 0.5 * pump.curve.head
        self.pipe = Pipe.drawing(usual, at=pump.curve.head_at(usual, 1.0), static=static)
        self._hose = False

    def live(self, seconds: float) -> None:
        changes = _HOSE_ENDS if self._hose else _HOSE_STARTS
        self._hose ^= self.rng.random() < changes * seconds
        wet = self.pit.level > (STOP if self.pump.running else START)
        by_hand = "started" in self.pump.faults
        self.pump.switch(on=(wet and self.pump.available) or by_hand)
        inflow = _SEEPAGE + _HOSE * self._hose
        if "inflow" in self.pump.faults:
            inflow += 1.3 * self.pump.curve.flow
        delivery = self._delivery(seconds, inflow) if self.pump.running else STILL
        self.pump.live(seconds, speed=1.0, delivery=delivery)
        self.pit.change(seconds, inflow - delivery.flow)

    def _delivery(self, seconds: float, inflow: float) -> Delivery:
        curve, branches = self.pump.curve, [self.pump.branch]
        duty = duty_point(curve, self.pipe, branches, speed=1.0, suction=self.pit.level)
        return duty.within(self.pit.reach(seconds, inflow), self.pipe).deliveries[0]

    def points_of(self, pump: Pump) -> Mapping[str, Scalar]:
        return {
            "float_start": self.pit.level > (STOP if pump.running else START),
            "float_very_high": self.pit.level >= VERY_HIGH,
        }
