"""The pump pack on a real pump loop (SKAB, waico, GPL-3.0: read where it lies, never copied)."""

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gengfu.core.clock import HOUR, SECOND, Micros
from gengfu.core.naming import Scalar
from rules.verdict import Turn, Verdict
from tests.fakes.rule_scene import Scene, equipment

SKAB = Path(__file__).parents[4] / "shared" / "data" / "skab"
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

pytestmark = pytest.mark.skipif(not SKAB.is_dir(), reason="../shared/data/skab is not here")


def rows(file: str) -> Iterator[tuple[Micros, bool, Mapping[str, Scalar]]]:
    with (SKAB / file).open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter=";"):
            moment = datetime.fromisoformat(row["datetime"]).replace(tzinfo=UTC)
            labelled = float(row.get("anomaly") or 0) > 0
            values = {point: float(row[column]) for column, point in POINTS.items()}
            yield round(moment.timestamp() * SECOND), labelled, values


def judge(file: str, *, hours: float = 24) -> tuple[list[Verdict], Micros, list[Micros]]:
    """Return the alerts that open, the recording's start, and its labelled times."""
    recording = list(rows(file))
    start = recording[0][0]
    scene = Scene([equipment("loop", "pump")], now=start)
    for at, _, values in recording:
        if at - start > hours * HOUR:
            break
        scene.tick((at - scene.now) / SECOND)
        scene.says("loop", values)
    found = [one for one in scene.run() if one.turn is Turn.ON]
    return found, start, [at for at, labelled, _ in recording if labelled]


def test_the_closing_valve_is_seen_in_time() -> None:
    """The first alert opens inside the labelled window, or within a minute after it."""
    found, _, window = judge("valve1-0.csv")
    assert [one.rule for one in found][:1] == ["pump.flow_below_normal"]
    assert window[0] <= found[0].at <= window[-1] + 60 * SECOND


def test_an_hour_without_faults_is_an_hour_without_alerts() -> None:
    """The fault-free recording, in which flow and temperatures wander, opens nothing."""
    found, _, _ = judge("anomaly-free.csv", hours=1)
    assert found == []


def test_most_windows_are_seen_and_few_alerts_come_before() -> None:
    """The same rule, fitted to no file, sees nearly all recordings' faults and hardly cries early."""
    files = sorted(path.name for path in SKAB.glob("*.csv") if path.name != "anomaly-free.csv")
    inside, early = [], []
    for file in files:
        found, _, window = judge(file)
        inside += [file] * any(window[0] <= one.at <= window[-1] + 60 * SECOND for one in found)
        early += [file] * any(one.at < window[0] for one in found)
    assert len(inside) >= 0.8 * len(files), inside
    assert len(early) <= 0.15 * len(files), early
