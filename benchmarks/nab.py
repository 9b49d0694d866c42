"""How well the shipped rule for rooms detects: ``python -m benchmarks.nab FOLDER``. Asserts nothing.

The temperature series of the Numenta Anomaly Benchmark (numenta/NAB, MIT; none is in this repository)
are played reading by reading through the engine that runs live, as the temperature of a key room. A
labelled window counts as found when an alert opens within it; the rule is unknown until two weeks were
seen, so windows of the first two weeks cannot be found. ``windows.json`` is NAB's own file of labels.
"""

import argparse
import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gengfu.core.clock import HOUR, SECOND, Micros, from_iso, to_iso
from gengfu.core.naming import Bilingual
from gengfu.ledger.classes import load_classes
from gengfu.ledger.model import Equipment
from rules.language.selection import only
from rules.packs import shipped
from rules.trial.case import Case, Sample
from rules.trial.stage import play

RULE = "room_environment.temperature_off_usual"
CLASSES = load_classes()
Window = tuple[Micros, Micros]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One series in °C, and the windows in which something was wrong."""

    name: str
    readings: Sequence[tuple[Micros, float]]
    windows: Sequence[Window]


def read(folder: Path) -> Sequence[Recording]:
    """Read the temperature series of a folder; theirs are in °F."""
    labels: Mapping[str, Sequence[Sequence[str]]] = json.loads(
        (folder / "windows.json").read_text(encoding="utf-8")
    )
    windows = {Path(name).stem: spans for name, spans in labels.items()}
    found = []
    for file in sorted(folder.glob("*temperature*.csv")):
        with file.open(encoding="utf-8") as lines:
            rows = [(_moment(row["timestamp"]), row["value"]) for row in csv.DictReader(lines)]
        readings = [(at, (float(value) - 32) / 1.8) for at, value in rows]
        spans = [(_moment(begin), _moment(end)) for begin, end in windows[file.stem]]
        found.append(Recording(name=file.stem, readings=readings, windows=spans))
    return found


def _moment(text: str) -> Micros:
    return from_iso(datetime.fromisoformat(text).replace(tzinfo=UTC).isoformat())


def opened(recording: Recording, rule: str = RULE) -> Sequence[Micros]:
    """Return when alerts of a rule about the room opened."""
    room = Equipment(
        id="room",
        equipment_class="room_environment",
        name=Bilingual(zh="机房", en="room"),
        place="b1",
    )
    begins = recording.readings[0][0]
    case = Case(
        file="",
        place="",
        name=recording.name,
        rule=rule,
        equipment=(room,),
        samples={
            at - begins: (Sample("room", "temperature", value),) for at, value in recording.readings
        },
        begins=begins,
        tick=HOUR,
        until=recording.readings[-1][0] - begins + SECOND,
    )
    return [one.opened for one in play(case, only(shipped(), {rule}), CLASSES)]


def main() -> None:
    """Print which windows were found, and what opened elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/data/nab"))
    parser.add_argument("--rule", default=RULE)
    arguments = parser.parse_args()
    if not (arguments.folder / "windows.json").exists():
        print(f"no recordings in {arguments.folder}")
        return
    for recording in read(arguments.folder):
        alerts = opened(recording, arguments.rule)
        days = (recording.readings[-1][0] - recording.readings[0][0]) / (24 * HOUR)
        print(f"{recording.name}: {len(recording.readings)} readings, {days:.0f} days")
        for begin, end in recording.windows:
            inside = [at for at in alerts if begin <= at <= end]
            after = f"after {(inside[0] - begin) / HOUR:.0f} h" if inside else "not found"
            print(f"  {to_iso(begin)[:16]} to {to_iso(end)[:16]}: {after}")
        others = [
            to_iso(at)[:16]
            for at in alerts
            if not any(begin <= at <= end for begin, end in recording.windows)
        ]
        print(f"  elsewhere {len(others)}: {', '.join(others)}")


if __name__ == "__main__":
    main()
