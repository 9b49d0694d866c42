"""The whole running system: CPU per reading, publish → alert latency, memory, start time.

Mosquitto → core (gateway, journal, rules) → desk (DuckDB, estate), readings of five values as single
messages of about 160 bytes, QoS 1, open loop. CPU is that of core and desk together, from /proc;
latency counts from the intended send time to the alert on the SSE stream. Quote medians: the
machine is shared.
"""

import argparse
import json
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path

import httpx
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.acceptance.system import ROOT, System
from tests.integration.services import mosquitto

PUMPS = ("pump-supply-1", "pump-supply-2", "pump-supply-3", "pump-jockey", "pump-pit-1")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the user and system time of a process, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def memory_mb(pid: int) -> float:
    """Return a process's resident memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


def publish_readings(client: mqtt.Client, rate: int, seconds: float) -> int:
    """Publish at a fixed rate, whatever comes back; return how many readings went out."""
    began, sent = time.perf_counter(), 0
    while (now := time.perf_counter() - began) < seconds:
        while sent < now * rate:
            values = {
                "pressure_out": 0.5 + sent % 97 / 1000,
                "pressure_in": 0.02 + sent % 13 / 1000,
                "current": 5 + sent % 31 / 10,
                "vibration": 1.1 + sent % 7 / 10,
                "bearing_temp": 40 + sent % 53 / 10,
            }
            payload = {"ts": time.time_ns() // 1_000_000, "points": values}
            topic = f"gf/yunhe/{PUMPS[sent % len(PUMPS)]}/up/telemetry"
            client.publish(topic, json.dumps(payload), qos=1)
            sent += 1
        time.sleep(0.005)
    return sent


class AlertEar(threading.Thread):
    """Hears alerts on the stream and notes when each part's alert was seen."""

    def __init__(self, system: System) -> None:
        super().__init__(daemon=True)
        self._system = system
        self.seen: dict[str, float] = {}
        self.ready = threading.Event()

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self._system.token}"}
        url = f"{self._system.base_url}/api/v1/alerts/stream"
        with httpx.stream("GET", url, headers=headers, timeout=None) as reply:
            self.ready.set()
            for line in reply.iter_lines():
                if line.startswith("data:") and '"part"' in line:
                    part = json.loads(line[5:]).get("part")
                    self.seen.setdefault(part, time.perf_counter())


def latencies(client: mqtt.Client, ear: AlertEar, count: int) -> list[float]:
    """Raise fires one after the other and return how long each took to be seen, in ms."""
    sent: dict[str, float] = {}
    for number in range(1, count + 1):
        part = f"1-{number:03d}"
        event = {"id": f"bench-{number}", "type": "fire", "part": part}
        sent[part] = time.perf_counter()
        client.publish("gf/yunhe/fire-panel-1/up/event", json.dumps(event), qos=1)
        time.sleep(0.15)
    deadline = time.monotonic() + 20
    while len(ear.seen.keys() & sent.keys()) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return sorted((ear.seen[part] - at) * 1000 for part, at in sent.items() if part in ear.seen)


def main() -> None:
    """Run the measurement and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=300, help="readings a second")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--alerts", type=int, default=60)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        broker = mosquitto(path / "broker")
        system = System(path, arguments=("--broker", broker.url))
        with broker.up():
            system.import_ledger(ROOT / "simulators" / "demo")
            began = time.perf_counter()
            with system.up():
                print(f"start: {time.perf_counter() - began:.1f} s until it answers")
                _measure(system, broker.port, wanted)


def _measure(system: System, port: int, wanted: argparse.Namespace) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bench")
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", port)
    client.loop_start()
    pids = {name: pid for name, pid in system.pids().items() if name in ("core", "desk")}
    time.sleep(3)
    idle = {name: cpu_seconds(pid) for name, pid in pids.items()}
    time.sleep(5)
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    rest = {name: (before[name] - idle[name]) / 5 for name in pids}
    sent = publish_readings(client, wanted.rate, wanted.seconds)
    time.sleep(2)
    used = {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}
    for name, pid in pids.items():
        own = used[name] - rest[name] * (wanted.seconds + 2)
        print(
            f"{name}: {own / sent * 1e6:.0f} µs CPU a reading of 5 values ({sent} at "
            f"{wanted.rate}/s), {rest[name] * 100:.1f} % of a core idle, "
            f"{memory_mb(pid):.0f} MB"
        )
    ear = AlertEar(system)
    ear.start()
    ear.ready.wait(10)
    took = latencies(client, ear, wanted.alerts)
    if took:
        print(
            f"publish → alert on the stream: median {statistics.median(took):.0f} ms, "
            f"p99 {took[int(len(took) * 0.99) - 1]:.0f} ms, worst {took[-1]:.0f} ms, "
            f"{len(took)} of {wanted.alerts}"
        )
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main()
