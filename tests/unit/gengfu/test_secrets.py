"""Secrets stay where they are needed: not in a repr, not in a log, not in a file that others read."""

import ast
import io
import stat
import sys
from pathlib import Path

import pytest
import structlog

from gengfu.config import read_settings
from gengfu.core.errors import BadInput
from gengfu.installation import Installation
from gengfu.process import configure_logging

ROOT = Path(__file__).parents[3]
SECRETS = {"password", "secret", "token"}
PLAIN_TEXT = {"str", "str | None", "bytes"}


def _shown_secrets(path: Path) -> list[str]:
    """Return the fields of dataclasses in a module that hold a secret and would print it."""
    return [
        f"{path.relative_to(ROOT)}: {one.name}.{ast.unparse(line.target)}"
        for one in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(one, ast.ClassDef)
        and any("dataclass" in ast.unparse(decorator) for decorator in one.decorator_list)
        for line in one.body
        if isinstance(line, ast.AnnAssign)
        and ast.unparse(line.target) in SECRETS
        and ast.unparse(line.annotation) in PLAIN_TEXT
        and (line.value is None or "repr=False" not in ast.unparse(line.value))
    ]


@pytest.mark.parametrize(
    "package", ["gengfu", "gateway", "ingest", "alerts", "dashboards", "simulators", "deploy"]
)
def test_a_secret_is_shown_by_repr(package: str) -> None:
    """No dataclass shows a password, secret or token that it holds as plain text."""
    found = [one for path in sorted((ROOT / package).rglob("*.py")) for one in _shown_secrets(path)]
    assert found == []


def test_a_failure_tells_the_values_of_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A traceback at a person's terminal shows lines of code, not what variables held."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def fails(password: str) -> None:
        raise ValueError(len(password))

    made, terminal = "-".join(("hunter2", "made", "here")), Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    configure_logging()
    try:
        fails(made)
    except ValueError:
        structlog.get_logger().exception("failed")
    finally:
        structlog.reset_defaults()
    said = terminal.getvalue()
    assert "ValueError" in said
    assert made not in said


@pytest.mark.parametrize(
    "setting",
    ["broker: {url: 'mqtt://me:hunter2@host'}", "store: {url: 'influxdb://me:hunter2@host/db'}"],
)
def test_a_password_inside_an_address(tmp_path: Path, setting: str) -> None:
    """An address is shown and logged: one with a password in it is refused, and not repeated."""
    file = tmp_path / "gengfu.yaml"
    file.write_text(setting)
    with pytest.raises(BadInput) as refused:
        read_settings(file)
    assert "hunter2" not in str(refused.value)


def test_others_can_read_what_an_installation_keeps(tmp_path: Path) -> None:
    """The data folder and its secrets are for their owner alone, also those that were there before."""
    place = Installation(tmp_path / "data")
    place.prepare()
    (place.secrets / "key").touch(mode=0o644)
    file = place.secret("key", "x")
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (place.data, place.secrets, file)]
    assert modes == [0o700, 0o700, 0o600]
