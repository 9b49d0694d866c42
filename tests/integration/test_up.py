"""``gengfu up`` as whoever runs it meets it: it says what is wrong, and stops without a trace."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.system import ROOT, System, command, gengfu
from tests.integration.services import PATIENCE_S, free_port, wait_for


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
    wait_for("the processes to stop", lambda: not system.pids())


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


def test_help_answers_without_loading_the_product() -> None:
    """``gengfu --help`` names every group of commands, and what begins a command loads no stage."""
    shown = subprocess.run(
        command("--help"), cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE_S
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
        timeout=PATIENCE_S,
    ).stdout
    assert loaded.split() == []
