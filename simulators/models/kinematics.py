"""How a lift travels: accelerate, cruise, brake. A trapezoid without jerk.

Source: uniformly accelerated motion; CIBSE Guide D and G. C. Barney, "Elevator Traffic Handbook",
chapter on kinematics. A short way never reaches the rated speed: the trapezoid is a triangle. The
jerk that real drives limit (~1 m/s³) adds about a second to a run and is left out.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Travel:
    """A run over ``distance`` (m, > 0) at no more than ``speed`` (m/s), with ``acceleration`` (m/s²)."""

    distance: float
    speed: float
    acceleration: float

    @property
    def top_speed(self) -> float:
        """Return the highest speed of this run, m/s."""
        return min(self.speed, math.sqrt(self.distance * self.acceleration))

    @property
    def duration(self) -> float:
        """Return how long the run takes, s."""
        return self.distance / self.top_speed + self.top_speed / self.acceleration

    def position(self, t: float) -> float:
        """Return the way travelled ``t`` seconds after the start, m."""
        if t <= 0:
            return 0.0
        if t >= self.duration:
            return self.distance
        ramp = self.top_speed / self.acceleration
        if t <= ramp:
            return self.acceleration * t * t / 2
        if t <= self.duration - ramp:
            return self.top_speed * (t - ramp / 2)
        left = self.duration - t
        return self.distance - self.acceleration * left * left / 2

    def velocity(self, t: float) -> float:
        """Return the speed ``t`` seconds after the start, m/s."""
        if t <= 0 or t >= self.duration:
            return 0.0
        return min(self.top_speed, self.acceleration * t, self.acceleration * (self.duration - t))
