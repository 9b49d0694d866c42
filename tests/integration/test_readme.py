"""The README's shell blocks, run as they stand: what a newcomer copies first has to work."""

import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.acceptance.system import command
from tests.integration.services import PATIENCE_S, free_port, listens, program, wait_for

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_START = "gengfu up &"


def _blocks(readme: str) -> list[str]:
    return _BLOCK.findall((ROOT / readme).read_text(encoding="utf-8"))


def _lines() -> list[str]:
    return [line for block in _blocks(READMES[0]) for line in block.splitlines()]


def test_languages_that_differ() -> None:
    """Both languages tell the same commands, character by character."""
    assert _blocks(READMES[0]) == _blocks(READMES[1])


def test_command_that_is_not_tried_here() -> None:
    """Every line of the blocks is run by a test of this file, or checked to exist."""
    tried = "\n".join(_first_device())
    others = [line for line in _lines() if line not in tried]
    assert all(line.startswith(("sudo apt-get ", "make ", "docker compose ")) for line in others)
    assert {line.split()[0] for line in others} == {"sudo", "make", "docker"}


@pytest.mark.parametrize("line", [line for line in _lines() if line.startswith("make ")])
def test_make_target_that_is_gone(line: str) -> None:
    """``make run`` and ``make test`` are targets that make knows how to build."""
    done = subprocess.run(
        [*shlex.split(line), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_start_compiles_everything_anew() -> None:
    """Where the environment forbids to keep compiled files, make allows it: a start is as quick."""
    show = 'show: ; @echo "[$$PYTHONDONTWRITEBYTECODE]"'
    told = subprocess.run(
        ["make", "--no-print-directory", f"--eval={show}", "show"],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.strip() == "[]"


def test_compose_file_that_does_not_parse() -> None:
    """``docker compose up -d`` finds a file whose services all have something to run."""
    assert "docker compose up -d" in _lines()
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    assert services
    assert all("image" in service or "build" in service for service in services.values())


def test_package_that_debian_does_not_have() -> None:
    """Every package that the README has installed is one that apt knows."""
    apt_cache = program("apt-cache")
    if not any(Path("/var/lib/apt/lists").glob("*_Packages*")):
        pytest.skip("no package lists here: apt-get update")
    words = [word for line in _lines() if line.startswith("sudo apt-get ") for word in line.split()]
    packages = [word for word in words if word not in ("sudo", "apt-get", "install", "-y")]
    assert packages
    for package in packages:
        shown = subprocess.run(
            [apt_cache, "pkgnames", package], capture_output=True, text=True, check=True
        ).stdout
        assert package in shown.split()


def _first_device() -> list[str]:
    """Return the blocks from importing the ledger to asking for the alerts."""
    blocks = _blocks(READMES[0])
    first = next(n for n, block in enumerate(blocks) if "ledger import" in block)
    last = next(n for n, block in enumerate(blocks) if "curl " in block)
    return blocks[first : last + 1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a folder that looks like a clone of which ``make run`` made the environment."""
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    script = binaries / "gengfu"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(command())} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


def _script(blocks: list[str], *, web: int, broker: int) -> str:
    """Join the blocks to what a person does: waits until it is up, and asks until it is there."""
    text = "\n".join(blocks).replace("127.0.0.1:8080", f"127.0.0.1:{web}")
    text = text.replace("-p 1883", f"-p {broker}")
    assert text.count(_START) == 1
    text = text.replace(_START, f"{_START}\n{_WAIT}")
    head, curl = text.rsplit("curl ", 1)
    return f"{head}for second in $(seq 300); do sleep 1; curl {curl.strip()}; echo; done\n"


_WAIT = 'until grep -q "is up" said.txt; do sleep 0.2; done'


@contextmanager
def _bash(script: str, folder: Path, settings: Mapping[str, str]) -> Iterator[Path]:
    """Run a script in a group of its own; its output is a file; Ctrl-C to all of it at the end."""
    said = folder / "said.txt"
    with said.open("wb") as output:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield said
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=PATIENCE_S)


def _alerts(said: Path) -> list[dict[str, object]]:
    """Return the alerts of the last whole answer of curl."""
    answers = [line for line in said.read_text("utf-8").splitlines() if '{"alerts":' in line]
    return list(json.loads(answers[-1])["alerts"]) if answers else []


def test_the_first_device_does_not_get_through(checkout: Path) -> None:
    """The blocks as they stand end in the alert of the alarm button, with its floor, on two ports."""
    for tool in ("bash", "curl", "mosquitto_pub"):
        program(tool)
    web, broker = free_port(), free_port()
    settings = {"GENGFU_WEB__PORT": str(web), "GENGFU_BROKER__PORT": str(broker)}
    script = _script(_first_device(), web=web, broker=broker)
    with _bash(script, checkout, settings) as said:
        wait_for(
            "the alert of the alarm button",
            lambda: any(alert["rule"] == "elevator.call_button" for alert in _alerts(said)),
        )
        (alert,) = [one for one in _alerts(said) if one["rule"] == "elevator.call_button"]
        assert "12" in str(alert["title"])
    wait_for("everything to stop", lambda: not (listens(web) or listens(broker)))
    assert "Traceback" not in said.read_text("utf-8")
