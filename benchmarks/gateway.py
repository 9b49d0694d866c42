"""CPU per reading from Mosquitto through the gateway to a journal: ``python -m benchmarks.gateway``.

Messages wait in the broker's queue for the gateway's session; measured is the gateway process's own
CPU (all threads) until all are acknowledged. A reading has 5 values. Printed, never a test.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion

from gateway.endpoint import Endpoint
from gateway.service import Gateway, GatewaySettings, Journal
from gengfu.core.batch import Lane
from gengfu.core.clock import SystemClock
from ingest.journal.sqlite import SqliteJournal
from tests.fakes.journal import FakeJournal
from tests.fakes.small_estate import shipped_classes, small_estate
from tests.integration.services import Mosquitto, mosquitto

TOPIC = "gf/yunhe/lift-1/up/telemetry"
START_MS = time.time_ns() // 1_000_000 - 3_600_000


@dataclass(frozen=True)
class Shape:
    """One shape of message: how many readings it holds, and its payload by number."""

    name: str
    readings: int
    payload: Callable[[int], bytes]


def _points(number: int) -> dict[str, object]:
    return {
        "speed": round(number % 17 / 10 + 0.25, 2),
        "floor": number % 30,
        "door": "closed",
        "load": number % 800 + 0.5,
        "motor_temp": 41.5,
    }


def single(number: int) -> bytes:
    """Return one reading of about 160 bytes."""
    return json.dumps(
        {"ts": START_MS + number, "seq": number, "boot": "b1", "points": _points(number)}
    ).encode()


def rows(number: int) -> bytes:
    """Return a hundred readings as an array."""
    first = number * 100
    return json.dumps(
        [{"ts": START_MS + one, "points": _points(one)} for one in range(first, first + 100)]
    ).encode()


def columns(number: int) -> bytes:
    """Return a hundred readings as columns, the enum left out for a number."""
    numbers = range(number * 100, number * 100 + 100)
    table = [{**_points(one), "door": None, "vibration": 1.5} for one in numbers]
    names = [name for name in table[0] if name != "door"]
    return json.dumps(
        {
            "ts": [START_MS + one for one in numbers],
            "points": {name: [row[name] for row in table] for name in names},
        }
    ).encode()


SHAPES = (
    Shape("single", 1, single),
    Shape("100 rows", 100, rows),
    Shape("100 in columns", 100, columns),
)


@contextmanager
def running_broker() -> Iterator[Mosquitto]:
    """Run a broker that keeps everything in memory."""
    with tempfile.TemporaryDirectory() as folder:
        broker = mosquitto(
            Path(folder), "allow_anonymous true", "set_tcp_nodelay true", "persistence false"
        )
        with broker.up():
            yield broker


def fill(port: int, shape: Shape, messages: int, qos: int) -> None:
    """Publish into the broker's queue."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(500)
    client.connect("127.0.0.1", port)
    client.loop_start()
    infos = [client.publish(TOPIC, shape.payload(number), qos) for number in range(messages)]
    for info in infos:
        info.wait_for_publish()
    client.disconnect()
    client.loop_stop()


async def drain(port: int, journal: Journal, items: int, between: Callable[[], None]) -> float:
    """Return the CPU seconds it takes to bring ``items`` values into the journal."""
    with ThreadPoolExecutor(1) as worker:

        def gateway() -> Gateway:
            return Gateway(
                GatewaySettings(endpoint=Endpoint(host="127.0.0.1", port=port)),
                journal=journal,
                ledgers=[small_estate()],
                classes=shipped_classes(),
                clock=SystemClock(),
                worker=worker,
            )

        await _until(gateway(), lambda one: one.is_ready)  # leaves its sessions at the broker
        await asyncio.to_thread(between)
        one = gateway()
        before = time.process_time()
        await _until(one, lambda one: one.tally.received >= items)
        spent = time.process_time() - before
    acknowledged = one.sessions[Lane.TELEMETRY].counters.acknowledged
    if one.tally.journaled != items or acknowledged == 0:
        raise SystemExit(f"not all arrived: {one.tally}")
    return spent


async def _until(gateway: Gateway, ready: Callable[[Gateway], bool]) -> None:
    loop, reached = asyncio.get_running_loop(), asyncio.Event()
    task = asyncio.create_task(gateway.run())

    def look() -> None:
        if ready(gateway) or task.done():
            reached.set()
        else:
            loop.call_later(0.005, look)

    look()
    await reached.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def measure(shape: Shape, readings: int, real: bool) -> float:
    """Return µs of CPU a reading of one round."""
    messages = readings // shape.readings
    with running_broker() as broker, tempfile.TemporaryDirectory() as folder:
        journal = SqliteJournal(Path(folder)) if real else FakeJournal()
        spent = asyncio.run(
            drain(
                broker.port,
                journal,
                readings * 5,
                lambda: fill(broker.port, shape, messages, 1),
            )
        )
        journal.close()
    return spent / readings * 1e6


def main() -> None:
    """Print median and range of some interleaved rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readings", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    results: dict[tuple[str, str], list[float]] = {}
    for _ in range(arguments.rounds):
        for shape in SHAPES:
            for real in (False, True):
                key = (shape.name, "journal" if real else "memory")
                results.setdefault(key, []).append(measure(shape, arguments.readings, real))
    print(f"µs of CPU a reading of 5 values, QoS 1, {arguments.rounds} rounds: median (range)")
    for (shape_name, sink), spent in results.items():
        middle = statistics.median(spent)
        print(f"{shape_name:>15} → {sink:8} {middle:6.1f} ({min(spent):.1f}-{max(spent):.1f})")


if __name__ == "__main__":
    main()
