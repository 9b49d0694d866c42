"""What a process runs out of (F29), a locked database (F30), a restless contact (F22): alarms go on."""

import json
import resource
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.acceptance import judge
from tests.acceptance.house import Devices
from tests.acceptance.leeway import Leeway
from tests.acceptance.timetable import Push, between, fire, opened, play
from tests.integration.services import wait_for

CHATTER_HZ = 50
CHATTER_S = 8
LOCKED_S = 7
"""More than the five seconds that a writer waits for a lock."""


@contextmanager
def no_more_files(pid: int) -> Iterator[None]:
    """Take from a running process the right to open one more file or connection."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def _memory(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return int(next(one for one in lines if one.startswith("VmSize")).split()[1]) * 1024


def test_a_contact_chatters_at_50_hz(devices: Devices) -> None:
    """F22: it is one alert with all its occurrences; it calls once; another fire passes within 2 s."""
    house, part = devices.house, "chatter"
    topic = f"gf/house/{devices.stage}/up/event"
    count = CHATTER_HZ * CHATTER_S
    began, leeway = time.monotonic(), Leeway()
    for number in range(count):
        time.sleep(max(0.0, began + number / CHATTER_HZ - time.monotonic()))
        devices.oracle.say(topic, json.dumps(fire(part, id=f"c-{number}")))
        if number == count // 2:
            devices.oracle.alarm(devices.panel, "amid")
    wait_for("the fire amid", lambda: house.spectator.seen(devices.panel, "amid") is not None)
    sight = house.spectator.seen(devices.panel, "amid")
    assert sight is not None
    assert sight.at - devices.oracle.raised_at[f"{devices.oracle.name}-0"] < 2 + leeway.seconds

    def occurrences() -> list[int]:
        fires = judge.alerts_of(house.system, devices.stage)
        return [one["occurrences"] for one in fires if one["part"] == part]

    wait_for("every occurrence", lambda: occurrences() == [count])
    (alert,) = [one for one in judge.alerts_of(house.system, devices.stage) if one["part"] == part]
    calls = {one.delivery for one in house.receiver.notified if one.alert == alert["id"]}
    assert len(calls) <= 3, "every bounce called somebody"
    devices.settle()
    devices.judge()


def test_the_desk_has_no_file_left(devices: Devices) -> None:
    """F29: it can take no connection; alarms are acknowledged and notified; then it answers again."""
    house = devices.house
    known = len(house.receiver.notified)
    with no_more_files(house.system.pids()["desk"]):
        devices.oracle.alarm(devices.panel, "no-files-1")
        wait_for("the acknowledgement", devices.oracle.settled)
        wait_for("the notification", lambda: len(house.receiver.notified) > known)
    devices.publish(10)
    devices.settle()
    devices.judge()


def test_core_has_no_file_left(devices: Devices) -> None:
    """F29: it can open nothing more; fires are acknowledged all the same, and notified when it can again."""
    house = devices.house
    with no_more_files(house.system.pids()["core"]):
        for number in range(5):
            devices.oracle.alarm(devices.panel, f"core-no-files-{number}")
        wait_for("the acknowledgements", devices.oracle.settled)
        devices.publish(10)
    devices.settle()
    devices.judge()


@pytest.mark.parametrize("name", ["core", "desk"])
def test_a_process_has_no_memory_left(devices: Devices, name: str) -> None:
    """F29: whatever it does then, dying included, nothing is lost, and it is back within 30 s."""
    house = devices.house
    pid = house.system.pids()[name]
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (_memory(pid), before[1]))
    try:
        devices.publish(60)
    finally:
        if house.system.pids().get(name) == pid:
            resource.prlimit(pid, resource.RLIMIT_AS, before)
    push = Push(at=0, equipment=devices.stage, kind="event", payload=fire(f"memory-{name}"))
    play(devices, push, want=[between(0, 30, opened(devices.stage, f"memory-{name}"))])
    devices.settle()
    devices.judge()


def test_the_alerts_are_locked(devices: Devices) -> None:
    """F30: somebody holds the write lock for longer than we wait: acknowledged at once, seen after it."""
    house = devices.house
    with closing(sqlite3.connect(house.system.data / "alerts.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        devices.oracle.alarm(devices.panel, "locked")
        wait_for("the acknowledgement", devices.oracle.settled)
        wait_for("the lock's end", lambda: time.monotonic() - began > LOCKED_S)
        other.execute("ROLLBACK")
    push = Push(at=0, equipment=devices.stage, kind="event", payload=fire("unlocked"))
    play(devices, push, want=[between(0, 15, opened(devices.stage, "unlocked"))])
    devices.settle()
    devices.judge()
