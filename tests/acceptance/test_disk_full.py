"""The disk is full (P12, F28): alarms still work, telemetry waits, and all is made good by itself."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from alerts.read import AlertFilter, AlertReader
from gengfu.core.record import RecordKind
from gengfu.database import open_sqlite
from gengfu.proof import ProofFile
from ingest.journal.reader import FolderReader
from tests.acceptance.system import ROOT, command, gengfu
from tests.integration.services import Mosquitto, mosquitto, running, wait_for

PANEL = "gf/yunhe/fire-panel-1"
LIFT = "gf/yunhe/lift-b1-u1-left/up/telemetry"
MARK = 23.625
"""The telemetry that is held back."""
HOG_SECONDS = 3.0
"""Longer than core looks at the disk twice: what it gives up meanwhile is taken."""


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of 256 MiB in memory; skip where we may not."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path) -> None:
    """Write until the disk takes no more, and go on for some seconds with all that is given up."""
    until = time.monotonic() + HOG_SECONDS
    with file.open("wb", buffering=0) as handle:
        while time.monotonic() < until:
            for size in (2**20, 2**12):
                with suppress(OSError):
                    while handle.write(bytes(size)) == size:
                        pass
            time.sleep(0.01)  # a hog that tries again, not one that takes the whole processor


class Device:
    """A client that publishes and hears which of its events are safe."""

    def __init__(self, broker: Mosquitto) -> None:
        self.safe: set[str] = set()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="device")
        self._client.on_message = self._told
        self._client.connect("127.0.0.1", broker.port)
        self._client.subscribe(f"{PANEL}/down/ack", 1)
        self._client.loop_start()

    def _told(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self.safe.add(json.loads(message.payload)["id"])

    def say(self, topic: str, **content: Any) -> None:
        self._client.publish(topic, json.dumps(content), 1).wait_for_publish(5)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def journaled(data: Path) -> list[object]:
    """Return the values of all readings in the journal."""
    reader, after, found = FolderReader(data / "journal"), 0, list[object]()
    while records := reader.read(after):
        after = records[-1].position
        for one in records:
            if one.kind is RecordKind.READINGS:
                body = one.body()
                found += list(body.value)  # type: ignore[union-attr]
    reader.close()
    return found


def test_a_full_disk_stops_alarms(tmp_path: Path) -> None:
    """A fire on a full disk is safe, is an alert, and so is the disk; telemetry comes when it may."""
    broker = mosquitto(tmp_path / "broker")
    with ExitStack() as stack:
        data = stack.enter_context(small_disk(tmp_path / "data"))
        stack.enter_context(broker.up())
        environment = {"GENGFU_DATA": str(data), "GENGFU_BROKER__URL": broker.url}
        imported = gengfu("ledger", "import", str(ROOT / "simulators" / "demo"), **environment)
        assert imported.returncode == 0, imported.stderr
        stack.enter_context(
            running(command("core"), tmp_path / "core.log", **environment, PYTHONPATH=str(ROOT))
        )
        proofs = ProofFile(data / "alarm-path.json")
        wait_for("the first proof", lambda: bool((p := proofs.read()) and p.number))
        device = Device(broker)
        stack.callback(device.close)
        alerts = AlertReader(open_sqlite(data / "alerts.db", read_only=True))

        def is_open(rule: str) -> bool:
            return any(one.rule == rule and one.open for one in alerts.list(AlertFilter()).alerts)

        fill(data / "filler")
        wait_for("the alert of the full disk", lambda: is_open("system.disk_full"))
        device.say(LIFT, motor_temp=MARK)
        for number in range(20):
            fire = {"id": f"f-{number}", "type": "fire", "part": f"1-{number + 1:03d}"}
            device.say(f"{PANEL}/up/event", **fire, attributes={"signal": "smoke"})
        wait_for("the fires to be safe", lambda: len(device.safe) == 20)
        wait_for("the fires' alert", lambda: is_open("fire_panel.first_signal"))
        assert MARK not in journaled(data)
        (second,) = (data / "safety").glob("*.log")
        assert second.read_bytes().count(b'"type":"fire"') == 20
        assert is_open("system.disk_full")

        os.truncate(data / "filler", 0)
        wait_for("the telemetry", lambda: MARK in journaled(data))
        wait_for("the reserve", lambda: (data / "journal/reserve").stat().st_size == 64 * 2**20)
