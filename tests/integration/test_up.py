"""``make run`` as a new user meets it: it says where it is, soon has an alert, stops without a trace."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.acceptance.system import ROOT, System, command, gengfu
from tests.integration.conftest import Running, addresses
from tests.integration.services import free_port, wait_for


def test_the_first_words_say_where_it_is_and_as_whom(running: Running) -> None:
    """What the command prints has the address and every demo account, each with its password."""
    assert running.base_url in addresses(running.printed)
    for login, password in running.accounts.values():
        assert login in running.printed
        assert password in running.printed


def test_the_first_alert_opens_within_a_minute(running: Running) -> None:
    """Sixty seconds after it answers at the latest, the demo has an open alert of a device."""

    def open_alerts() -> bool:
        return bool(running.system.get("/api/v1/alerts", state="open")["alerts"])

    wait_for("the first alert", open_alerts, seconds=60)


def test_readings_reach_the_store_and_availability_moves(running: Running) -> None:
    """The demo's readings can be read back, and the lifts' availability is a figure."""
    lift = "lift-b1-u1-left"
    now = int(time.time() * 1000)

    def has_readings() -> bool:
        reply = running.system.get(
            f"/api/v1/equipment/{lift}/readings",
            point="motor_temp",
            **{"from": now - 86_400_000, "to": now},
        )
        return len(reply["times"]) > 3

    wait_for("readings of a lift", has_readings, seconds=60)
    rows = running.system.get(
        "/api/v1/availability", by="class", **{"from": now - 86_400_000, "to": now}
    )
    lifts = next(row for row in rows if row["key"] == "elevator")
    assert 0 < lifts["availability"] <= 1


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A demo that was stopped by Ctrl-C and started again."""

    system: System
    first: set[int]
    """Its processes before."""
    left: list[int]
    """Those of them that were still there after it."""
    code: int


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interrupted]:
    environment = {"GENGFU_BROKER__PORT": str(free_port())}
    folder = tmp_path_factory.mktemp("interrupted")
    system = System(folder, arguments=("--demo",), environment=environment)
    with system.up():
        first = set(system.pids().values())
        code = system.stop()
        left = [pid for pid in first if Path(f"/proc/{pid}/cmdline").exists()]
        system.start()
        yield Interrupted(system, first, left, code)


def test_ctrl_c_leaves_nothing_running_and_it_starts_again(interrupted: Interrupted) -> None:
    """After Ctrl-C no process is left and exit is 0; started again it answers."""
    assert len(interrupted.first) >= 4
    assert (interrupted.code, interrupted.left) == (0, [])
    assert interrupted.first.isdisjoint(interrupted.system.pids().values())


def test_kill_of_the_command_itself_leaves_nothing_running(interrupted: Interrupted) -> None:
    """When the command is killed with ``kill -9``, its processes notice and stop by themselves."""
    system = interrupted.system
    assert system.pids()
    os.kill(system.pid, signal.SIGKILL)
    wait_for("the processes to stop", lambda: not system.pids(), seconds=30)


def _refused(*arguments: str, **environment: str) -> str:
    """Run a command that must fail; return what it said."""
    done = gengfu(*arguments, **environment)
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_an_occupied_port_is_one_sentence(tmp_path: Path) -> None:
    """A port that somebody else uses is named, with what to do, and the exit is 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = _refused("up", "--data", str(tmp_path / "d"), "--port", str(port))
    assert f"Port {port}" in said
    assert "--port" in said


def test_a_missing_broker_is_one_sentence(tmp_path: Path) -> None:
    """A broker that does not answer is named, with what to do, and the exit is 1."""
    url = f"mqtt://127.0.0.1:{free_port()}"
    said = _refused(
        "up", "--data", str(tmp_path / "d"), "--port", str(free_port()), "--broker", url
    )
    assert url in said


def test_an_unwritable_folder_is_one_sentence(tmp_path: Path) -> None:
    """A data folder that cannot be made is named, with what to do, and the exit is 1."""
    (tmp_path / "file").write_text("not a folder")
    said = _refused("up", "--data", str(tmp_path / "file" / "data"))
    assert "--data" in said


def test_a_second_start_on_the_same_folder_is_refused(running: Running) -> None:
    """Two systems never share a data folder: the second says who holds it."""
    said = _refused("up", "--data", str(running.system.data), "--port", str(free_port()))
    assert "already runs" in said


def test_a_bad_configuration_changes_nothing(tmp_path: Path) -> None:
    """Every mistake of a settings file is said at once, and no folder was made."""
    file = tmp_path / "gengfu.yaml"
    file.write_text("web: {port: 0}\nbroker:\n  url: ftp://x\n")
    said = _refused("up", "--config", str(file), "--data", str(tmp_path / "d"))
    assert "web.port" in said
    assert "broker.url" in said
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("arguments", [("nonsense",), ("up", "--portt", "1"), ("ledger",)])
def test_wrong_arguments_exit_with_2(arguments: tuple[str, ...]) -> None:
    """A command that does not exist or an unknown option is the caller's mistake: exit 2."""
    assert gengfu(*arguments).returncode == 2


def test_health_is_open_and_everything_else_is_not(running: Running) -> None:
    """Without a session or token only health answers; data asks to sign in."""
    assert httpx.get(f"{running.base_url}/healthz").status_code == 200
    for route in ("alerts", "equipment", "sites", "availability", "dead-letters"):
        assert httpx.get(f"{running.base_url}/api/v1/{route}").status_code == 401


def test_help_answers_without_loading_the_product() -> None:
    """``gengfu --help`` names every group of commands, and what begins a command loads no stage."""
    shown = subprocess.run(
        command("--help"), cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    for group in ("up", "ledger", "rules", "devices", "users", "simulate", "replay", "grafana"):
        assert group in shown
    stages = ("alerts", "dashboards", "gateway", "ingest", "rules", "numpy", "sqlalchemy")
    code = f"import sys, gengfu.cli.program; print(*sys.modules.keys() & {set(stages)})"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert loaded.split() == []
