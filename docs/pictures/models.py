"""Draw the simulators' models against their sources: ``python docs/pictures/models.py``.

Small SVG pictures for docs/simulators.md, made by the models themselves; the recording of a real pump
loop is drawn where it is there (``../shared/data/skab``) and its picture is left alone where not.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND, from_iso
from simulators.device import Sample
from simulators.models.daily import DRAW_BY_HOUR
from simulators.models.elevator import Elevator, Lift
from simulators.models.hydraulics import BAROMETER, Branch, Curve, Delivery, head_left
from simulators.models.kinematics import Travel
from simulators.models.people import BUSY_BY_HOUR
from simulators.models.pump import Pump
from simulators.models.supply_set import SupplySet

HERE = Path(__file__).parent
SKAB = HERE.parents[2] / "shared" / "data" / "skab" / "anomaly-free.csv"
ZONE = ZoneInfo("Asia/Shanghai")
MIDNIGHT = from_iso("2026-03-09T00:00:00+08:00")
WIDE, HIGH, LEFT, BELOW = 560, 220, 46, 34
COLOURS = ("#1f6feb", "#d1570a", "#2f9e44", "#8a63d2")

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line, or dots, of a chart."""

    title: str
    points: Points
    dots: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a chart's corners stand for."""

    left: float
    right: float
    bottom: float = 0.0
    top: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point lies in the picture."""
        across = (x - self.left) / (self.right - self.left)
        up = (y - self.bottom) / (self.top - self.bottom)
        return (
            round(LEFT + across * (WIDE - LEFT - 14), 1),
            round(HIGH - BELOW - up * (HIGH - BELOW - 44), 1),
        )


def chart(name: str, title: str, across: str, lines: Sequence[Line], frame: Frame) -> None:
    """Write an SVG with its lines, their names above."""
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" font-size="11"'
            ' font-family="sans-serif">'
        ),
        f'<rect width="{WIDE}" height="{HIGH}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="15" font-size="12">{title}</text>',
        *_axes(frame, across),
    ]
    for number, line in enumerate(lines):
        places = [frame.at(x, y) for x, y in line.points]
        parts.extend(_drawn(line, COLOURS[number], places))
        x = LEFT + number * min(170, (WIDE - LEFT) // len(lines))
        parts.append(f'<text x="{x}" y="32" fill="{COLOURS[number]}">{line.title}</text>')
    (HERE / f"{name}.svg").write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")


def _axes(frame: Frame, across: str) -> list[str]:
    found = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        value = frame.bottom + share * (frame.top - frame.bottom)
        x, y = frame.at(frame.left, value)
        found.append(f'<line x1="{LEFT}" x2="{WIDE - 14}" y1="{y}" y2="{y}" stroke="#dddddd"/>')
        found.append(f'<text x="{x - 6}" y="{y + 4}" text-anchor="end">{value:.3g}</text>')
        value = frame.left + share * (frame.right - frame.left)
        x, y = frame.at(value, frame.bottom)
        found.append(f'<text x="{x}" y="{y + 14}" text-anchor="middle">{value:.3g}</text>')
    found.append(f'<text x="{WIDE - 14}" y="{HIGH - 4}" text-anchor="end">{across}</text>')
    return found


def _drawn(line: Line, colour: str, places: Points) -> list[str]:
    if line.dots:
        return [f'<circle cx="{x}" cy="{y}" r="2" fill="{colour}"/>' for x, y in places]
    path = " ".join(f"{x},{y}" for x, y in places)
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>']


def lift_run() -> None:
    """Draw one run of 15 m: a trapezoid of speed, and its duration by Barney's formula."""
    run = Travel(distance=15.0, speed=1.75, acceleration=0.8)
    course = [(t, *run.at(t)) for t in (run.duration * n / 100 for n in range(101))]
    formula = 15.0 / 1.75 + 1.75 / 0.8
    chart(
        "model-lift-run",
        f"A lift's run over 15 m: {run.duration:.2f} s; d/v + v/a = {formula:.2f} s",
        "s",
        [
            Line(title="speed, m/s", points=[(t, speed) for t, _, speed in course]),
            Line(title="way, 10 m", points=[(t, way / 10) for t, way, _ in course]),
        ],
        Frame(left=0, right=12, top=2.0),
    )


def lift_day() -> None:
    """Draw how often a lift starts in each hour of five days, and the table it is drawn from."""
    lift = Elevator(Lift(id="l", floors=tuple(range(1, 19)), zone=ZONE), Random(3), MIDNIGHT)
    counts = [0.0] * 24
    before = None
    for said in lift.advance(MIDNIGHT + 5 * DAY):
        if isinstance(said, Sample):
            starts = said.points["starts"]
            assert isinstance(starts, int)
            if before is not None and starts > before:
                counts[(said.at - MIDNIGHT) // HOUR % 24] += (starts - before) / 5
            before = starts
    # The table holds for the full hour; between two of them lies the mean of an hour's traffic.
    means = [(a + b) / 2 for a, b in pairwise([*BUSY_BY_HOUR, BUSY_BY_HOUR[0]])]
    expected = [sum(counts) * share / sum(means) for share in means]
    chart(
        "model-lift-day",
        "Starts of a lift by hour, mean of five days",
        "hour of the day",
        [
            Line(title="model", points=_middles(counts)),
            Line(title="table (CIBSE Guide D, rounded)", points=_middles(expected)),
        ],
        Frame(left=0, right=24, top=80),
    )


def _middles(by_hour: Sequence[float]) -> Points:
    return [(hour + 0.5, value) for hour, value in enumerate(by_hour)]


def pump_curve() -> None:
    """Draw the curve at two speeds, and where a day's duty points of one pump lie."""
    curve = Curve(flow=300.0, head=60.0, current=15.2)
    flows = [n * 5.0 for n in range(91)]
    pump = Pump(id="p", curve=curve, rng=Random(1), variable_speed=True)
    station = SupplySet([pump], Random(1), ZONE, MIDNIGHT)
    duty: list[tuple[float, float]] = []
    for hour in range(24):
        list(station.advance(MIDNIGHT + hour * HOUR + 30 * MINUTE))
        duty.append((station.duty.flow, station.duty.head - station.tank.level))
    lines = [
        Line(
            title=f"{hertz} Hz: H = H0 - kQ²",
            points=[(q, h) for q in flows if (h := curve.head_at(q, hertz / 50)) > 0],
        )
        for hertz in (50, 42)
    ]
    lines.append(Line(title="duty through a day", points=duty, dots=True))
    chart(
        "model-pump-curve",
        "A supply pump of 300 L/min at 60 m",
        "L/min",
        lines,
        Frame(left=0, right=480, top=80),
    )


def pump_cavitation() -> None:
    """Draw where a clogged strainer leaves less NPSH than the pump requires, and its head breaks off."""
    curve = Curve(flow=300.0, head=60.0, current=15.2)
    clogged = Branch.of(curve, strainer=0.1)
    flows = [n * 3.0 for n in range(151)]

    def npsh(flow: float) -> float:
        return BAROMETER + 2.3 - clogged.suction * flow * flow

    left = [
        (q, head_left(vapour) * curve.head_at(q, 1.0))
        for q in (n * 0.5 for n in range(901))
        if (vapour := curve.vapour(npsh(q), q, 1.0)) < 1
    ]
    left.append((left[-1][0], 0.0))
    required = [(q, 5 * curve.npsh_required(q, 1.0)) for q in flows]
    chart(
        "model-pump-cavitation",
        "A supply pump at 50 Hz, a tenth of its strainer free, 2.3 m of water above it",
        "L/min",
        [
            Line(title="H, clean strainer", points=[(q, curve.head_at(q, 1.0)) for q in flows]),
            Line(title="H, clogged", points=left),
            Line(title="5 NPSH available", points=[(q, 5 * npsh(q)) for q in flows if npsh(q) > 0]),
            Line(title="5 NPSH required", points=required),
        ],
        Frame(left=0, right=480, top=80),
    )


def water_day() -> None:
    """Draw flow and pressure of a supply set through a day, and the table of draws."""
    curve = Curve(flow=300.0, head=60.0, current=15.2)
    pumps = [Pump(id=f"p{n}", curve=curve, rng=Random(n), variable_speed=True) for n in (1, 2, 3)]
    station = SupplySet(pumps, Random(1), ZONE, MIDNIGHT)
    flow, head = [], []
    for quarter in range(96):
        list(station.advance(MIDNIGHT + quarter * 15 * MINUTE))
        flow.append((quarter / 4, station.duty.flow))
        head.append((quarter / 4, 10 * station.duty.head))
    table = [(float(hour), 540 * share) for hour, share in enumerate(DRAW_BY_HOUR)]
    chart(
        "model-water-day",
        "Drinking water of three pumps through a day",
        "hour of the day",
        [
            Line(title="flow, L/min", points=flow),
            Line(title="table (GB 50015, rounded)", points=table),
            Line(title="head, 0.1 m", points=head),
        ],
        Frame(left=0, right=24, top=800),
    )


def pump_noise() -> None:
    """Draw a sound pump's vibration, of the model and of a recorded loop, each by its own mean."""
    with SKAB.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=";"))[:900]
    recorded = [float(row["Accelerometer1RMS"]) for row in rows]
    curve = Curve(flow=300.0, head=60.0, current=15.2)
    pump = Pump(id="p", curve=curve, rng=Random(5))
    pump.switch(on=True)
    modelled = []
    for _ in range(1800):
        pump.live(SECOND / SECOND, speed=1.0, delivery=Delivery(270.0))
        modelled.append(pump.vibration)
    chart(
        "model-pump-noise",
        "Vibration of a sound pump, as a share of its mean; the model 0.15 higher",
        "s",
        [
            Line(title="SKAB, anomaly-free", points=_shares(recorded)),
            Line(title="model", points=[(x, y + 0.15) for x, y in _shares(modelled[900:])]),
        ],
        Frame(left=0, right=900, bottom=0.9, top=1.3),
    )


def _shares(values: Sequence[float]) -> Points:
    mean = sum(values) / len(values)
    return [(float(second), value / mean) for second, value in enumerate(values)][::3]


def main() -> None:
    """Draw every picture."""
    for draw in (lift_run, lift_day, pump_curve, pump_cavitation, water_day):
        draw()
    if SKAB.exists():
        pump_noise()


if __name__ == "__main__":
    main()
