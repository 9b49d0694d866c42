"""How well the shipped pump pack detects: ``python -m benchmarks.skab FOLDER``. Asserts nothing.

The recordings of SKAB's pump loop (waico, GPL-3.0; none is in this repository) are played second by
second through the engine that runs live. A second counts as found anomalous while one of the pack's
rules on the machine's own normal is on, from when it was told. As the benchmark's outlier protocol has
it, the first 400 points of each file are for learning and not counted; those of all files together
give binary F1, false-alarm rate and missed-alarm rate.
"""

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gengfu.core.clock import SECOND, Micros
from gengfu.core.naming import Bilingual
from gengfu.ledger.classes import load_classes
from gengfu.ledger.model import Equipment
from rules.language.selection import only
from rules.packs import shipped
from rules.trial.case import BEGINNING, Case, Sample
from rules.trial.stage import play

LEARNING = 400
"""Points of a file that are not counted."""
POINTS = {
    "Accelerometer1RMS": "vibration",
    "Accelerometer2RMS": "vibration_2",
    "Current": "current",
    "Pressure": "pressure_out",
    "Temperature": "bearing_temp",
    "Thermocouple": "water_temp",
    "Voltage": "voltage",
    "Volume Flow RateRMS": "flow",
}
RULES = ("pump.off_its_normal",)
CLASSES = load_classes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One file: when each point was, what it said, and whether it is labelled an anomaly."""

    name: str
    times: tuple[Micros, ...]
    samples: tuple[tuple[Sample, ...], ...]
    labels: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counted points: found and labelled, only found, only labelled, neither."""

    both: int = 0
    found: int = 0
    labelled: int = 0
    neither: int = 0

    def __add__(self, more: "Tally") -> "Tally":
        return Tally(
            self.both + more.both,
            self.found + more.found,
            self.labelled + more.labelled,
            self.neither + more.neither,
        )

    @property
    def f1(self) -> float:
        return 2 * self.both / max(1, 2 * self.both + self.found + self.labelled)

    @property
    def false_alarms(self) -> float:
        """Share of the points without a label."""
        return self.found / max(1, self.found + self.neither)

    @property
    def missed(self) -> float:
        """Share of the labelled points."""
        return self.labelled / max(1, self.labelled + self.both)

    def __str__(self) -> str:
        return f"F1 {self.f1:.3f}, false alarms {self.false_alarms:.1%}, missed {self.missed:.1%}"


def read(path: Path) -> Recording:
    """Read a recording; a file without labels has no anomaly."""
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    moments = [datetime.fromisoformat(row["datetime"]).replace(tzinfo=UTC) for row in rows]
    return Recording(
        name=path.stem,
        times=tuple(round((one - moments[0]).total_seconds() * SECOND) for one in moments),
        samples=tuple(
            tuple(Sample("loop", point, float(row[name])) for name, point in POINTS.items())
            for row in rows
        ),
        labels=tuple(float(row.get("anomaly") or 0) > 0 for row in rows),
    )


def judged(recording: Recording, rules: Sequence[str] = RULES) -> tuple[bool, ...]:
    """Return of each point whether one of the rules was on after it came."""
    name = Bilingual(zh="泵", en="pump")
    loop = Equipment(id="loop", equipment_class="pump", name=name, place="b1")
    case = Case(
        file="",
        place="",
        name=recording.name,
        rule="",
        equipment=(loop,),
        samples=dict(zip(recording.times, recording.samples, strict=True)),
        until=recording.times[-1],
    )
    episodes = play(case, only(shipped(), set(rules)), CLASSES)
    spans = [(one.opened - BEGINNING, one.cleared and one.cleared - BEGINNING) for one in episodes]
    return tuple(
        any(opened <= at and (cleared is None or at < cleared) for opened, cleared in spans)
        for at in recording.times
    )


def tally(found: Sequence[bool], labels: Sequence[bool]) -> Tally:
    """Count the points after those for learning."""
    pairs = list(zip(found[LEARNING:], labels[LEARNING:], strict=True))
    return Tally(
        *(pairs.count(one) for one in ((True, True), (True, False), (False, True), (False, False)))
    )


def main() -> None:
    """Print the figures of each file, of each group of files, and of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/data/skab"))
    parser.add_argument("--rule", action="append", help="judge by this rule of the pack alone")
    arguments = parser.parse_args()
    files = sorted(arguments.folder.rglob("*.csv"))
    if not files:
        print(f"no recordings in {arguments.folder}")
    groups: dict[str, Tally] = {}
    for path in files:
        recording = read(path)
        if not any(recording.labels):
            continue
        found = tally(judged(recording, arguments.rule or RULES), recording.labels)
        print(f"{path.relative_to(arguments.folder)!s:28} {found}")
        for group in (recording.name.partition("-")[0], "all"):
            groups[group] = groups.get(group, Tally()) + found
    for group, found in groups.items():
        print(f"{group:28} {found}")


if __name__ == "__main__":
    main()
