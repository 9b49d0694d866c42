"""Recordings over a real broker, heard by somebody else."""

import csv
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gengfu.core.clock import DAY, SECOND, ScaledClock, SystemClock, from_iso
from gengfu.core.errors import StartError
from simulators.broker.connection import BrokerAddress
from simulators.recording.replay import replay
from simulators.recording.rows import read_recording
from tests.integration.services import Mosquitto, free_port, mosquitto, wait_for
from tests.integration.simulators.listener import Ear, listening

SKAB = Path(__file__).parents[4] / "shared" / "data" / "skab" / "valve1-0.csv"
COLUMNS = {
    "Accelerometer1RMS": "vibration",
    "Current": "current",
    "Pressure": "pressure_out",
    "Temperature": "bearing_temp",
    "Volume Flow RateRMS": "flow",
}
START = from_iso("2020-03-09T10:14:00Z")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    server = mosquitto(tmp_path_factory.mktemp("broker"))
    with server.up():
        yield server


def heard_rows(ear: Ear, equipment: str) -> list[tuple[int, dict[str, float | None]]]:
    """Return (ts, values by point) of every row, however rows were bundled."""
    rows = []
    for topic, payload in ear.payloads:
        if f"/{equipment}/" not in topic:
            continue
        body = msgspec.json.decode(payload)
        for index, ts in enumerate(body["ts"]):
            rows.append((ts, {point: column[index] for point, column in body["points"].items()}))
    return rows


def made(folder: Path, rows: int, step: int = 1) -> Path:
    path = folder / "made.csv"
    lines = [f"{START // SECOND + i * step},{math.sin(i)!r},{i}" for i in range(rows)]
    path.write_text("\n".join(["time,wave,count", *lines]) + "\n", encoding="utf-8")
    return path


async def test_a_row_is_lost_or_doubled(broker: Mosquitto, tmp_path: Path) -> None:
    """With its own times every row of a past recording arrives once, in order, bit-equal."""
    recording = read_recording(made(tmp_path, 950), {"wave": "current", "count": "starts"})
    with listening(broker.port) as ear:
        sent = await replay(
            recording,
            site="yunhe",
            equipment="pump-a",
            clock=SystemClock(),
            broker=BrokerAddress(url=broker.url),
            keep_times=True,
        )
        wait_for("all rows", lambda: len(heard_rows(ear, "pump-a")) >= 950)
        rows = heard_rows(ear, "pump-a")
    assert (sent.rows, sent.values, sent.messages) == (950, 1900, 10)
    assert (sent.first, sent.last) == (START, START + 949 * SECOND)
    assert [ts for ts, _ in rows] == [START // 1000 + i * 1000 for i in range(950)]
    assert [points["current"] for _, points in rows] == [math.sin(i) for i in range(950)]
    assert [points["starts"] for _, points in rows] == list(range(950))


async def test_rows_arrive_before_their_time(broker: Mosquitto, tmp_path: Path) -> None:
    """With its own times no row goes out before the clock has reached it, at any rate."""
    recording = read_recording(made(tmp_path, 120), {"wave": "current"})
    # Three seconds to connect in: rows whose time has passed travel together.
    clock = ScaledClock(start=START - 120 * SECOND, rate=40.0, anchor=SystemClock().now())
    early: list[int] = []

    def check(ear: Ear) -> None:
        last = msgspec.json.decode(ear.payloads[-1][1])["ts"][-1]
        early.extend([last] * (last * 1000 > clock.now()))

    with listening(broker.port, check) as ear:
        sent = await replay(
            recording,
            site="yunhe",
            equipment="pump-b",
            clock=clock,
            broker=BrokerAddress(url=broker.url),
            keep_times=True,
        )
        wait_for("all rows", lambda: len(heard_rows(ear, "pump-b")) >= 120)
    assert not early
    assert sent.messages > 3
    assert clock.now() >= sent.last == START + 119 * SECOND


async def test_shifted_rows_lie_in_the_future(broker: Mosquitto, tmp_path: Path) -> None:
    """Without its own times the recording begins now and ends no later than it is published."""
    recording = read_recording(made(tmp_path, 60), {"wave": "current"})
    clock = SystemClock()
    before = clock.now()
    with listening(broker.port) as ear:
        sent = await replay(
            recording,
            site="yunhe",
            equipment="pump-c",
            clock=clock,
            broker=BrokerAddress(url=broker.url),
            speed=60.0,
        )
        wait_for("all rows", lambda: len(heard_rows(ear, "pump-c")) >= 60)
        rows = heard_rows(ear, "pump-c")
    assert before - SECOND <= sent.first <= sent.last <= clock.now() < before + DAY
    assert [ts for ts, _ in rows] == sorted(ts for ts, _ in rows)
    assert sent.last - sent.first == pytest.approx(59 * SECOND / 60, abs=SECOND / 100)


async def test_no_broker_is_a_traceback(tmp_path: Path) -> None:
    """Without a broker, or with an address that is none, there is one clear sentence."""
    recording = read_recording(made(tmp_path, 2), {"wave": "current"})
    for url in (f"mqtt://127.0.0.1:{free_port()}", "http://here"):
        with pytest.raises(StartError, match=url):
            await replay(
                recording,
                site="yunhe",
                equipment="pump-d",
                clock=SystemClock(),
                broker=BrokerAddress(url=url),
            )


def replayed(folder: Path, file: Path, url: str, *more: str, **environment: str) -> tuple[int, str]:
    """Return how the command ended, and what it said."""
    where = ("--site", "yunhe", "--equipment", "pump-e", "--data", str(folder), "--broker", url)
    done = subprocess.run(
        [sys.executable, "-m", "gengfu", "replay", str(file), "--map", "v=current", *where, *more],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_repeated_times_are_kept_quiet(broker: Mosquitto, tmp_path: Path) -> None:
    """The command says how many rows bear the time of the row before, of which the later counts."""
    file = tmp_path / "a.csv"
    file.write_text("date,v\n2020/3/9,1\n2020/3/9,2\n2020/3/9,3\n", encoding="utf-8")
    ended, told = replayed(tmp_path / "data", file, broker.url)
    assert ended == 0, told
    assert "3 rows, 3 values" in told
    assert "2 rows bear the time of the row before: the later one counts" in told


def test_a_mistake_is_told_in_english_alone(broker: Mosquitto, tmp_path: Path) -> None:
    """A wrong time and a wrong zone are told in Chinese where the terminal is, with file and line."""
    file = tmp_path / "a.csv"
    file.write_text("ts,v\n1e300,1\n", encoding="utf-8")
    ended, told = replayed(tmp_path, file, broker.url, LANG="zh_CN.UTF-8", LC_ALL="")
    assert ended == 1
    assert told.startswith(f"{file}:2: 'ts' 列：'1e300' 不在 1970 年到 2100 年之间（写成")
    ended, told = replayed(
        tmp_path, file, broker.url, "--zone", "Mars", LANG="zh_CN.UTF-8", LC_ALL=""
    )
    assert (ended, told) == (1, "--zone: 'Mars' 不是时区（写 Asia/Shanghai）\n")


@pytest.mark.skipif(not SKAB.exists(), reason="shared/data is not here")
async def test_a_real_recording_changes_on_the_way(broker: Mosquitto) -> None:
    """SKAB's pump loop arrives as the file has it: every row once, every value bit-equal."""
    recording = read_recording(SKAB, COLUMNS)
    with SKAB.open(encoding="utf-8") as file:
        wanted = [
            {point: float(row[column]) for column, point in COLUMNS.items()}
            for row in csv.DictReader(file, delimiter=";")
        ]
    with listening(broker.port) as ear:
        sent = await replay(
            recording,
            site="yunhe",
            equipment="pump-skab",
            clock=SystemClock(),
            broker=BrokerAddress(url=broker.url),
            keep_times=True,
        )
        wait_for("all rows", lambda: len(heard_rows(ear, "pump-skab")) >= len(wanted))
        rows = heard_rows(ear, "pump-skab")
    assert sent.rows == len(rows) == 1147
    assert [points for _, points in rows] == wanted
