"""Draw days of the simulated estate against the limits that others set: ``python -m docs.pictures.days``.

The models say what they say to anybody; the limits are those of public standards, and none of them is
known to the models.
"""

from collections.abc import Sequence
from random import Random

from docs.pictures.models import MIDNIGHT, ZONE, Frame, Line, Points, chart
from gengfu.core.clock import DAY, HOUR, Micros
from simulators.device import Injection, Model, Sample
from simulators.models.elevator import Elevator, Lift
from simulators.models.kinds import KINDS
from simulators.models.sensor import Sensor

WEARING = 24 * HOUR


def _hours(at: Micros) -> float:
    return (at - MIDNIGHT) / HOUR


def _day(equipment_class: str, points: Sequence[str], days: int = 1) -> Sequence[Points]:
    """Return each point by the hour."""
    machine: Model = Sensor("one", KINDS[equipment_class], Random(7), ZONE, MIDNIGHT)
    found: list[list[tuple[float, float]]] = [[] for _ in points]
    for said in machine.advance(MIDNIGHT + days * DAY):
        if isinstance(said, Sample):
            for line, point in zip(found, points, strict=True):
                value = said.points[point]
                assert isinstance(value, int | float)
                line.append((_hours(said.at), float(value)))
    return [line[::5] for line in found]


def _level(value: float) -> Points:
    return [(0.0, value), (24.0, value)]


def voltage() -> None:
    """Draw the phases of a feeder between the limits of GB/T 12325: 220 V, +7 % and -10 %."""
    (phase,) = _day("power_distribution", ["voltage_a"])
    chart(
        "model-voltage-day",
        "A feeder's voltage through a day, V",
        "hour of the day",
        [
            Line(title="model", points=phase),
            Line(title="GB/T 12325: +7 %", points=_level(220 * 1.07)),
            Line(title="-10 %", points=_level(220 * 0.90)),
        ],
        Frame(left=0, right=24, bottom=190, top=245),
    )


def noise() -> None:
    """Draw a courtyard's noise and what GB 3096 allows where people live: 55 dB(A), 45 at night."""
    (level,) = _day("noise_meter", ["level"])
    allowed = [(0, 45), (6, 45), (6, 55), (22, 55), (22, 45), (24, 45)]
    chart(
        "model-noise-day",
        "Noise of a courtyard through a day, dB(A)",
        "hour of the day",
        [
            Line(title="model", points=level),
            Line(title="GB 3096, class 1", points=[(float(x), float(y)) for x, y in allowed]),
        ],
        Frame(left=0, right=24, bottom=30, top=70),
    )


def water() -> None:
    """Draw a tank's water and what GB 5749 asks for at the tap: chlorine 0.05 mg/L, turbidity 1 NTU."""
    chlorine, turbid = _day("water_quality", ["chlorine", "turbidity"])
    chart(
        "model-water-quality-day",
        "Drinking water of a tank through a day",
        "hour of the day",
        [
            Line(title="free chlorine, mg/L", points=chlorine),
            Line(title="turbidity, NTU", points=turbid),
            Line(
                title="GB 5749: ≤ 1, ≥ 0.05",
                points=[*_level(1.0), *_level(0.05)[::-1]],
            ),
        ],
        Frame(left=0, right=24, top=1.2),
    )


def wear() -> None:
    """Draw a lift whose door and guide shoes wear for a day, as its contractor would see it."""
    lift = Elevator(Lift(id="l", floors=tuple(range(1, 19)), zone=ZONE), Random(3), MIDNIGHT)
    for fault in ("door_wear", "guide_wear", "brake_wear"):
        lift.begin(Injection(equipment="l", fault=fault, over=WEARING))
    shakes, off, failed = [], [], []
    tried = again = 0.0
    due = MIDNIGHT + HOUR
    for said in lift.advance(MIDNIGHT + WEARING):
        if not isinstance(said, Sample):
            continue
        one = {
            name: float(value)
            for name, value in said.points.items()
            if isinstance(value, int | float)
        }
        if one["speed"]:
            shakes.append((_hours(said.at), one["vibration"]))
        else:
            off.append((_hours(said.at), abs(one["levelling_error"]) / 10))
        if said.at >= due:
            cycles, reopens = one["door_cycles"] - tried, one["door_reopens"] - again
            if tried:
                failed.append((_hours(said.at) - 0.5, 5 * reopens / max(1.0, cycles + reopens)))
            tried, again, due = one["door_cycles"], one["door_reopens"], said.at + HOUR
    chart(
        "model-lift-wear",
        "A lift that wears within a day: door, guide shoes, brake",
        "hours",
        [
            Line(title="failed closings, 20 %", points=failed),
            Line(title="shakes, mm/s", points=shakes[::60], dots=True),
            Line(title="off its landing, cm", points=off[::60], dots=True),
        ],
        Frame(left=0, right=24, top=5.0),
    )


def main() -> None:
    """Draw every picture."""
    for draw in (voltage, noise, water, wear):
        draw()


if __name__ == "__main__":
    main()
