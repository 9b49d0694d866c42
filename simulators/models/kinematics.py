"""How a lift travels: accelerate, cruise, brake. A trapezoid without jerk.

Source: uniformly accelerated motion; CIBSE Guide D and G. C. Barney, "Elevator Traffic Handbook",
chapter on kinematics. A short way never reaches the rated speed: the trapezoid is a triangle. The
jerk that real drives limit (~1 m/s³) adds about a second to a run and is left out.
"""

import math
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, kw_only=True)
class Travel:
    """A run over ``distance`` (m, > 0) at no more than ``speed`` (m/s), with ``acceleration`` (m/s²).

    Without slots, as what follows from these is kept: a run is looked at each second of its way.
    """

    distance: float
    speed: float
    acceleration: float

    @cached_property
    def top_speed(self) -> float:
        """Return the highest speed of this run, m/s."""
        return min(self.speed, math.sqrt(self.distance * self.acceleration))

    @cached_property
    def ramp(self) -> float:
        """Return how long it takes to that speed, and from it to a stand, s."""
        return self.top_speed / self.acceleration

    @cached_property
    def duration(self) -> float:
        """Return how long the run takes, s."""
        return self.distance / self.top_speed + self.ramp

    def at(self, t: float) -> tuple[float, float]:
        """Return the way travelled, m, and the speed, m/s, ``t`` seconds after the start."""
        left, top, acceleration = self.duration - t, self.top_speed, self.acceleration
        if t <= 0:
            return 0.0, 0.0
        if left <= 0:
            return self.distance, 0.0
        speed = min(top, acceleration * t, acceleration * left)
        if t <= self.ramp:
            return acceleration * t * t / 2, speed
        if t <= self.duration - self.ramp:
            return top * (t - self.ramp / 2), speed
        return self.distance - acceleration * left * left / 2, speed
