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

    def position(self, t: float) -> float:
        """Return the way travelled ``t`` seconds after the start, m."""
        if t <= 0:
            return 0.0
        if t >= self.duration:
            return self.distance
        if t <= self.ramp:
            return self.acceleration * t * t / 2
        if t <= self.duration - self.ramp:
            return self.top_speed * (t - self.ramp / 2)
        left = self.duration - t
        return self.distance - self.acceleration * left * left / 2

    def velocity(self, t: float) -> float:
        """Return the speed ``t`` seconds after the start, m/s."""
        if t <= 0 or t >= self.duration:
            return 0.0
        return min(self.top_speed, self.acceleration * t, self.acceleration * (self.duration - t))
