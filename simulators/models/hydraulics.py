"""A centrifugal pump on its pipe: pure formulas, heads in metres, flows in litres a minute.

Sources: J. F. Gülich, "Centrifugal Pumps": curve H = H0 − kQ², affinity laws Q ∝ n, H ∝ n², torque
∝ n², power rising on a straight line with flow; shut-off head ≈ 1.25 of the rated, shut-off power ≈
0.6 of the rated for the multistage pumps of buildings. A motor's current is its magnetising part
(≈ 0.35 of the rated) and its torque part at right angles; on a V/f inverter it follows torque.
"""

import math
from dataclasses import dataclass

MPA_PER_METRE = 998.0 * 9.80665 / 1e6
RATED_HZ = 50.0

_SHUT_OFF_HEAD = 1.25
_SHUT_OFF_POWER = 0.6
_MAGNETISING = 0.35
_DRY_TORQUE = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A pump at 50 Hz by its plate: rated flow (L/min), head (m) and current (A)."""

    flow: float
    head: float
    current: float

    def head_at(self, flow: float, speed: float) -> float:
        """Return the head at a flow; ``speed`` is the share of the rated speed."""
        return speed * speed * self.shut_off - self.friction * flow * flow

    def torque_at(self, flow: float, speed: float) -> float:
        """Return the share of the rated torque; a pump that lifts nothing needs little."""
        if speed <= 0:
            return 0.0
        rising = (1 - _SHUT_OFF_POWER) * flow / (self.flow * speed)
        return speed * speed * (_SHUT_OFF_POWER + rising)

    def current_of(self, torque: float) -> float:
        """Return the motor's current, A, at a share of the rated torque; 0 stands for stopped."""
        if torque <= 0:
            return 0.0
        active = math.sqrt(1 - _MAGNETISING**2) * torque
        return self.current * math.hypot(_MAGNETISING, active)

    @property
    def shut_off(self) -> float:
        """Return the head at no flow and rated speed, m."""
        return _SHUT_OFF_HEAD * self.head

    @property
    def friction(self) -> float:
        """Return k of H = H0 − kQ², m per (L/min)²."""
        return (self.shut_off - self.head) / (self.flow * self.flow)


def dry_torque(speed: float) -> float:
    """Return the share of the rated torque of a pump full of air: bearings and seals only."""
    return _DRY_TORQUE * speed * speed


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipe:
    """What hangs on the pumps: H = static + resistance · Q²."""

    static: float
    resistance: float

    @classmethod
    def drawing(cls, flow: float, *, at: float, static: float) -> "Pipe":
        """Return taps that draw ``flow`` (> 0) when the head is ``at``: they draw less at less."""
        return cls(static=static, resistance=(at - static) / (flow * flow))


@dataclass(frozen=True, slots=True)
class DutyPoint:
    """Where curve and pipe meet: total flow and the head in the header."""

    flow: float
    head: float


def duty_point(curve: Curve, pipe: Pipe, *, pumps: int, speed: float, suction: float) -> DutyPoint:
    """Return the operating point of equal pumps in parallel at one speed, with a suction head.

    A pump that cannot reach the static head delivers nothing behind its check valve.
    """
    spare = speed * speed * curve.shut_off + suction - pipe.static
    if pumps == 0 or spare <= 0:
        return DutyPoint(0.0, pipe.static)
    flow = math.sqrt(spare / (pipe.resistance + curve.friction / (pumps * pumps)))
    return DutyPoint(flow, pipe.static + pipe.resistance * flow * flow)
