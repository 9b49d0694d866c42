"""A real pump loop, replayed over MQTT through the whole running system with the recording's clock.

The recordings are SKAB's (waico/SKAB, GPL-3.0) and stand beside the project, never in it.
"""

import csv
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.acceptance.system import ROOT, System
from tests.integration.services import influxdb, mosquitto, wait_for

SKAB = ROOT.parent / "shared" / "data" / "skab"
RATE = 100
STARTS = 6
"""So many times as long as importing the ledger a start takes at most, on a busy machine as well."""
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
AFTER_WINDOW_S = 60

pytestmark = pytest.mark.skipif(not SKAB.is_dir(), reason="../shared/data/skab is not there")


def _rows(name: str, seconds: int | None = None) -> list[dict[str, str]]:
    with (SKAB / name).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    if seconds is None:
        return rows
    first = _ms(rows[0])
    return [row for row in rows if _ms(row) < first + seconds * 1000]


def _ms(row: dict[str, str]) -> int:
    moment = datetime.fromisoformat(row["datetime"]).replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


def _ledger(folder: Path) -> Path:
    """Write a ledger with one pump of which nothing is known but that it is there."""
    folder.mkdir()
    tables = {
        "sites": "id,name_zh,name_en\nlab,试验台,Test bench\n",
        "places": "site,id,kind,name_zh,name_en\nlab,hall,building,试验厅,Test hall\n",
        "equipment": "site,id,class,name_zh,name_en,place\nlab,loop,pump,循环泵,Loop pump,hall\n",
    }
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@contextmanager
def _replayed(
    folder: Path, rows: list[dict[str, str]], *arguments: str
) -> Iterator[tuple[System, list[dict[str, str]]]]:
    """Run a system whose clock was started at the recording, and replay it to its end."""
    file = folder / "recording.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0].keys(), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    broker = mosquitto(folder / "broker")
    system = System(folder)
    with broker.up():
        began = time.monotonic()
        system.import_ledger(_ledger(folder / "estate"))
        # A row whose time had passed before the start was over would be told late, with all others.
        ahead = 5 + STARTS * (time.monotonic() - began)
        start = datetime.fromtimestamp(_ms(rows[0]) / 1000 - ahead * RATE, UTC).isoformat()
        clock = ("--clock-start", start, "--clock-rate", str(RATE))
        system.arguments = ("--broker", broker.url, *clock, *arguments)
        with system.up():
            mapping = [word for pair in POINTS.items() for word in ("--map", "=".join(pair))]
            system.must(
                *("replay", str(file), "--site", "lab", "--equipment", "loop", *mapping),
                *("--keep-times", "--broker", broker.url),
            )
            _drained(system, rows)
            yield system, rows


def _drained(system: System, rows: list[dict[str, str]]) -> None:
    """Wait until what the broker took over is in the store: it may still be on its way to us."""

    def settled() -> bool:
        sums = system.get("/api/v1/accounting")
        behind = sums["records_behind"] or sums["pending"]
        return not behind and all(
            len(_stored(system, rows, point)) >= len({_ms(row) for row in rows})
            for point in POINTS.values()
        )

    wait_for("the store to have everything", settled)


def _stored(system: System, rows: list[dict[str, str]], point: str) -> dict[int, float]:
    reply = system.get(
        "/api/v1/equipment/loop/readings",
        point=point,
        **{"from": _ms(rows[0]), "to": _ms(rows[-1]) + 1},
    )
    stored = dict(zip(reply["times"], reply["values"], strict=True))
    assert len(stored) == len(reply["times"]), "a time stands twice"
    return stored


def _judge_values(system: System, rows: list[dict[str, str]]) -> None:
    """Every value of the recording is in the store once, with the same bits."""
    for column, point in POINTS.items():
        recorded = {_ms(row): float(row[column]) for row in rows}
        stored = _stored(system, rows, point)
        wrong = [at for at in recorded.keys() | stored.keys() if recorded.get(at) != stored.get(at)]
        assert not wrong, f"{point}: {len(wrong)} of {len(recorded)} differ, first {min(wrong)}"


def _told(system: System, *, hints: bool = True) -> list[int]:
    """Return since when what alerts of the pump pack tell was so, in ms of the recording's clock.

    By the recording's times, not by when it was told: a machine that is busy for a second is a
    hundred seconds late by this clock.

    ``hints``: also those of severity low, whose false alarms are measured over all recordings in
    ``tests/unit/rules/test_skab.py``.
    """
    alerts = system.get("/api/v1/alerts", state="all")["alerts"]
    ours = [one for one in alerts if one["rule"].startswith("pump.") and one["rule"] != "pump.lost"]
    return [
        int(datetime.fromisoformat(one["condition_since"]).timestamp() * 1000)
        for one in ours
        if hints or one["severity"] != "low"
    ]


def _judge_alert(system: System, rows: list[dict[str, str]]) -> None:
    """What an alert of the pump pack tells began inside the labelled window or a minute after it."""
    labelled = [_ms(row) for row in rows if float(row["anomaly"]) == 1.0]
    wait_for("an alert of the pump pack", lambda: bool(_told(system)))
    began = _told(system)
    inside = [at for at in began if labelled[0] <= at <= labelled[-1] + AFTER_WINDOW_S * 1000]
    assert inside, f"window {labelled[0]}…{labelled[-1]}, began {began}"
    assert min(began) >= labelled[0], "something was told of before anything was wrong"


def test_the_closing_valve_is_found_and_every_value_kept_in_duckdb(tmp_path: Path) -> None:
    """``valve1-0.csv`` into DuckDB: each value once, bit-equal; an alert opens in its window."""
    with _replayed(tmp_path, _rows("valve1-0.csv")) as (system, rows):
        _judge_values(system, rows)
        _judge_alert(system, rows)


def test_the_closing_valve_is_found_and_every_value_kept_in_influxdb(tmp_path: Path) -> None:
    """``valve1-0.csv`` into a real InfluxDB: each value once, bit-equal; an alert opens in time."""
    with influxdb(tmp_path / "influx") as url:
        store = url.replace("http://", "influxdb://") + "/gengfu"
        with _replayed(tmp_path, _rows("valve1-0.csv"), "--store", store) as (system, rows):
            _judge_values(system, rows)
            _judge_alert(system, rows)


def test_a_healthy_pump_is_told_of(tmp_path: Path) -> None:
    """Twenty minutes of ``anomaly-free.csv`` open no alert of the pump pack but an early hint.

    Its first hour is judged in ``tests/unit/rules/test_skab.py``, without broker and clock.
    """
    with _replayed(tmp_path, _rows("anomaly-free.csv", 1200)) as (system, rows):
        _judge_values(system, rows)
        told = system.get("/api/v1/alerts", state="all")["alerts"]
        assert _told(system, hints=False) == [], [
            f"{one['opened_at']} {one['rule']}" for one in told
        ]
