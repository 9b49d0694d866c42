"""What the lift pack proposes on a recorded lift door: ``python -m benchmarks.lift_door FILE``.

The recording (Huawei Munich Research Center, Zenodo 3653909; not in this repository): a ball bearing's
speed, humidity and vibration of a lift's door, said to be sampled four times a second. A spreadsheet
has spoilt it: some cells became dates ("18. Jan"), and numbers of four decimals lost their point
(9.9875 is written 99.875). It is played once as it is written, dates left out as no reading, and once
with the points put back where a tenth of a number fits the one before it. Asserts nothing.
"""

import argparse
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from gengfu.core.clock import MINUTE, SECOND, Micros
from gengfu.core.naming import Bilingual
from gengfu.ledger.classes import load_classes
from gengfu.ledger.model import Equipment
from rules.language.selection import only
from rules.packs import shipped
from rules.trial.case import Case, Sample
from rules.trial.stage import play

EVERY: Micros = SECOND // 4
KNOTS = 4000
"""Rows between two values that are not interpolated, as far as one can see."""
RULE = "elevator.vibration_above_normal"
CLASSES = load_classes()

Readings = Sequence[tuple[Micros, float]]


def read(path: Path) -> tuple[Readings, int]:
    """Return the vibration by time, and how many cells are no number."""
    lines = path.read_text(encoding="utf-8").splitlines()
    column = lines[0].split(";").index("vibration")
    found, spoilt = [], 0
    for row, line in enumerate(lines[1:]):
        try:
            found.append((row * EVERY, float(line.split(";")[column])))
        except ValueError:
            spoilt += 1
    return found, spoilt


def mended(readings: Readings) -> Readings:
    """Return the readings with their decimal points where the one before says that they belong."""
    found = [readings[0]]
    for at, value in readings[1:]:
        before = found[-1][1]
        nearer = abs(value / 10 - before) < abs(value - before)
        found.append((at, value / 10 if nearer else value))
    return found


def proposals(readings: Readings, rule: str = RULE) -> Sequence[Micros]:
    """Return when a rule about the lift opened, from the recording's beginning."""
    lift = Equipment(
        id="lift", equipment_class="elevator", name=Bilingual(zh="电梯", en="lift"), place="b1"
    )
    case = Case(
        file="",
        place="",
        name="door",
        rule=rule,
        equipment=(lift,),
        samples={at: (Sample("lift", "vibration", value),) for at, value in readings},
        until=readings[-1][0],
    )
    return [one.opened - case.begins for one in play(case, only(shipped(), {rule}), CLASSES)]


def off_straight(readings: Readings) -> float:
    """Return how far readings lie at most from straight lines between every ``KNOTS``-th row."""
    values = dict(readings)
    ends = [at for at in values if at % (KNOTS * EVERY) == 0]
    worst = 0.0
    for begin, end in pairwise(ends):
        slope = (values[end] - values[begin]) / (end - begin)
        between = [at for at in values if begin < at < end]
        line = (abs(values[begin] + slope * (at - begin) - values[at]) for at in between)
        worst = max(worst, *line)
    return worst


def main() -> None:
    """Print what is proposed on the recording as it is, and mended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        default=Path("../shared/data/elevator-door/first-half.csv"),
    )
    path = parser.parse_args().file
    if not path.exists():
        print(f"no recording {path}")
        return
    written, spoilt = read(path)
    print(f"{len(written)} readings, {spoilt} cells that are no number")
    for name, readings in (("as written", written), ("points put back", mended(written))):
        values = [value for _, value in readings]
        told = [f"{at / MINUTE:.0f} min" for at in proposals(readings)]
        print(f"{name}: {min(values):.1f} to {max(values):.1f}, proposals {told or 'none'}")
    print(f"off straight lines of {KNOTS} rows: at most {off_straight(mended(written)):.3f}")


if __name__ == "__main__":
    main()
