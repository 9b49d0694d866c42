"""A centrifugal pump on its pipe: pure formulas, heads in metres, flows in litres a minute.

Sources: J. F. Gülich, "Centrifugal Pumps": curve H = H0 − kQ², affinity laws Q ∝ n, H ∝ n², torque
∝ n², power rising on a straight line with flow; shut-off head ≈ 1.25 of the rated, shut-off power ≈
0.6 of the rated for the multistage pumps of buildings. A motor's current is its magnetising part
(≈ 0.35 of the rated) and its torque part at right angles; on a V/f inverter it follows torque.

Cavitation: NPSH available is what the water has above its vapour pressure at the pump's inlet; NPSH
required is NPSH3, where the head has fallen by 3 % (ISO 9906). At the rated point it follows from the
suction specific speed n√Q / NPSH3^¾ ≈ 160 (Gülich: 160 to 220 for usual impellers; the low end for
small ones, U) at 2900 rpm; it goes with n² (affinity) and rises with flow, from half of it at none (U).
The head begins to fall at 1.15 of it and is gone at 0.8 (U: Gülich draws the knee of radial impellers
about so steep). ISO takes the 3 % of a first stage; here the whole pump stands for it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

_WEIGHT = 998.0 * 9.80665
MPA_PER_METRE = _WEIGHT / 1e6
RATED_HZ = 50.0

_SHUT_OFF_HEAD = 1.25
_SHUT_OFF_POWER = 0.6
_MAGNETISING = 0.35
_DRY_TORQUE = 0.12

BAROMETER = (101_325.0 - 2_339.0) / _WEIGHT
"""(p_atm − p_v) / ρg at sea level and 20 °C, m: what open water has before any depth."""
_RPM, _SUCTION_SPECIFIC_SPEED = 2900.0, 160.0
_NPSH_AT_NO_FLOW = 0.5
_ONSET, _BREAKDOWN = 1.15, 0.8
_STEEPNESS = math.log(0.03) / math.log((_ONSET - 1.0) / (_ONSET - _BREAKDOWN))

_SUCTION_LOSS = 0.3
"""m at the rated flow: pipe, bends and a clean strainer, ζ ≈ 5 at the 1.0 to 1.2 m/s of GB 50015 (U)."""
_VALVE_LOSS = 0.2
"""m at the rated flow, open, and within the pump's curve; a throttle loses ∝ 1/area² (U)."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A pump at 50 Hz by its plate: rated flow (L/min), head (m) and current (A).

    Without slots, as what follows from the plate is kept: a year of pumps asks 10⁸ times.
    """

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

    @cached_property
    def shut_off(self) -> float:
        """Return the head at no flow and rated speed, m."""
        return _SHUT_OFF_HEAD * self.head

    @cached_property
    def friction(self) -> float:
        """Return k of H = H0 − kQ², m per (L/min)²."""
        return (self.shut_off - self.head) / (self.flow * self.flow)

    @cached_property
    def rated_npsh(self) -> float:
        """Return NPSH3 at the plate's flow and speed, m."""
        root = _RPM * math.sqrt(self.flow / 60_000)
        return math.pow(root / _SUCTION_SPECIFIC_SPEED, 4 / 3)

    def npsh_required(self, flow: float, speed: float) -> float:
        """Return NPSH3 at a flow and a share of the rated speed, m."""
        share = flow / self.flow
        rising = (1 - _NPSH_AT_NO_FLOW) * share * share
        return self.rated_npsh * (_NPSH_AT_NO_FLOW * speed * speed + rising)

    def vapour(self, npsh: float, flow: float, speed: float) -> float:
        """Return how far cavitation has come at an NPSH (m): 0 = no head lost yet, 1 = broken down."""
        needed = self.npsh_required(flow, speed)
        if npsh >= _ONSET * needed:
            return 0.0
        return min(1.0, (_ONSET - npsh / needed) / (_ONSET - _BREAKDOWN))


def dry_torque(speed: float) -> float:
    """Return the share of the rated torque of a pump full of air: bearings and seals only."""
    return _DRY_TORQUE * speed * speed


def head_left(vapour: float) -> float:
    """Return the share of the head that is left when cavitation has come so far: 0.97 at NPSH3."""
    return 1.0 - math.pow(vapour, _STEEPNESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A pump's own pipes from the tank to the header; resistances in m per (L/min)²."""

    suction: float
    discharge: float = 0.0
    """What its valve adds to the open one; infinite = shut."""
    wet: float = 1.0
    """Share of water in what it draws, the rest is air: its head falls with the mixture's density (U)."""

    @classmethod
    def of(
        cls, curve: Curve, *, strainer: float = 1.0, valve: float = 1.0, wet: float = 1.0
    ) -> "Branch":
        """Return a pump's branch whose strainer and valve have so much of their area free."""
        square = curve.flow * curve.flow
        shut = math.inf if valve <= 0 else _VALVE_LOSS * (1 / valve**2 - 1) / square
        return cls(suction=_SUCTION_LOSS / strainer**2 / square, discharge=shut, wet=wet)

    def ease(self, friction: float) -> float:
        """Return the flow at one metre to spare, L/min, of a pump of this friction without vapour."""
        return 1 / math.sqrt(friction + self.suction + self.discharge) if self.wet else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipe:
    """What hangs on the pumps: H = static + resistance · Q²."""

    static: float
    resistance: float

    @classmethod
    def drawing(cls, flow: float, *, at: float, static: float) -> "Pipe":
        """Return taps that draw ``flow`` (> 0) when the head is ``at``: they draw less at less."""
        return cls(static=static, resistance=(at - static) / (flow * flow))

    def head_at(self, flow: float) -> float:
        """Return the head in the header at a flow."""
        return self.static + self.resistance * flow * flow


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one pump does: its flow, how far it cavitates (0 to 1), its share of water (0 to 1)."""

    flow: float = 0.0
    vapour: float = 0.0
    wet: float = 1.0

    @property
    def load(self) -> float:
        """Return the share of its head that the pump still gives the water."""
        return self.wet * head_left(self.vapour)


@dataclass(frozen=True, slots=True)
class DutyPoint:
    """Where curves and pipe meet: total flow, the head in the header, and each pump's part in it."""

    flow: float
    head: float
    deliveries: Sequence[Delivery] = ()

    def within(self, reach: float, pipe: Pipe) -> "DutyPoint":
        """Return it with no more flow than there is water: the rest of what pumps draw is air."""
        if self.flow <= reach:
            return self
        share = reach / self.flow
        deliveries = [
            Delivery(one.flow * share, one.vapour * share, one.wet * share)
            for one in self.deliveries
        ]
        return DutyPoint(reach, pipe.head_at(reach), deliveries)


def duty_point(
    curve: Curve, pipe: Pipe, branches: Sequence[Branch], *, speed: float, suction: float
) -> DutyPoint:
    """Return the operating point of equal pumps in parallel at one speed, with a suction head.

    A pump that cannot reach the static head delivers nothing behind its check valve. In closed form
    as long as none cavitates: with nothing lost to vapour or air the flows only come out too high.
    """
    shut_off = speed * speed * curve.shut_off + suction
    eases = [one.ease(curve.friction) for one in branches]
    ease, spare = sum(eases), shut_off - pipe.static
    if ease == 0 or spare <= 0:
        return DutyPoint(0.0, pipe.static, [Delivery(wet=one.wet) for one in branches])
    total = math.sqrt(spare / (pipe.resistance + 1 / (ease * ease)))
    deliveries = [
        Delivery(total * share / ease, 0.0, one.wet)
        for one, share in zip(branches, eases, strict=True)
    ]
    if _are_sound(curve, branches, deliveries, speed=speed, suction=suction):
        return DutyPoint(total, pipe.head_at(total), deliveries)

    def against(flow: float) -> Sequence[Delivery]:
        head = pipe.head_at(flow)
        return [_delivery(curve, one, head=head, speed=speed, suction=suction) for one in branches]

    total = _falls_to_zero(lambda flow: sum(one.flow for one in against(flow)) - flow, 0.0, total)
    return DutyPoint(total, pipe.head_at(total), against(total))


def _are_sound(
    curve: Curve,
    branches: Sequence[Branch],
    deliveries: Sequence[Delivery],
    *,
    speed: float,
    suction: float,
) -> bool:
    """Tell whether no pump draws water mixed with air and none cavitates."""
    return not any(
        0 < one.wet < 1 or _vapour(curve, one, given.flow, speed, suction)
        for one, given in zip(branches, deliveries, strict=True)
    )


def _vapour(curve: Curve, branch: Branch, flow: float, speed: float, suction: float) -> float:
    npsh = BAROMETER + suction - branch.suction * flow * flow
    return curve.vapour(npsh, flow, speed)


def _delivery(
    curve: Curve, branch: Branch, *, head: float, speed: float, suction: float
) -> Delivery:
    """Return what a pump does against a head; where it cavitates, flow follows from how far.

    NPSH available = x · NPSH required solves for the flow at each x, so the only unknown is x.
    """
    losses = branch.suction + branch.discharge
    shut_off, friction = speed * speed * curve.shut_off, curve.friction
    spare = suction + branch.wet * shut_off - head
    if spare <= 0 or not branch.wet or math.isinf(losses):
        return Delivery(wet=branch.wet)
    flow = math.sqrt(spare / (branch.wet * friction + losses))
    if not _vapour(curve, branch, flow, speed, suction):
        return Delivery(flow, 0.0, branch.wet)
    still = curve.npsh_required(0.0, speed)
    rising = curve.npsh_required(1.0, 0.0)

    def squared(vapour: float) -> float:
        reserve = _ONSET - vapour * (_ONSET - _BREAKDOWN)
        return (BAROMETER + suction - reserve * still) / (branch.suction + reserve * rising)

    def surplus(vapour: float) -> float:
        square = squared(vapour)
        lifted = branch.wet * head_left(vapour) * (shut_off - friction * square)
        return suction + lifted - losses * square - head

    vapour = _falls_to_zero(surplus, 0.0, 1.0)
    return Delivery(math.sqrt(squared(vapour)), vapour, branch.wet)


def _falls_to_zero(value: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function is 0, or the end that is nearest to it (regula falsi, Illinois)."""
    above, below = value(low), value(high)
    if above <= 0:
        return low
    if below >= 0:
        return high
    width, kept = high - low, 0
    for _ in range(60):
        guess = low + (high - low) * above / (above - below)
        found = value(guess)
        if abs(found) < 1e-10 or high - low < 1e-13 * width:
            return guess
        if found > 0:
            low, above = guess, found
            below, kept = (below / 2, 1) if kept == 1 else (below, 1)
        else:
            high, below = guess, found
            above, kept = (above / 2, -1) if kept == -1 else (above, -1)
    return (low + high) / 2
