"""What a new installation gets wrong first is said with its place, before anything is done."""

import asyncio
import os
import re
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from gengfu.app.accounts import set_password
from gengfu.app.devices import add_device
from gengfu.app.estate import play_recording, play_scenario
from gengfu.app.given_files import rule_files
from gengfu.app.ledgers import export_ledger, import_ledger
from gengfu.app.rules import check_folders
from gengfu.app.setup import DEMO_ESTATE
from gengfu.cli.options import settings_from
from gengfu.config import Settings, StoreSettings
from gengfu.core.errors import BadInput, Fault, GengfuError, StartError
from gengfu.core.said import said

ROOT = Path(__file__).parents[4]


def _said(act: Callable[[], object]) -> list[str]:
    with pytest.raises(BadInput) as refusal:
        act()
    return [str(fault) for fault in refusal.value.faults]


def test_a_wrong_option_is_called_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who typed ``--port 99999`` is told of ``--port``, not of a variable that they never set."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    said = _said(lambda: settings_from(None, web__port=99999))
    assert len(said) == 1
    assert said[0].startswith("command line:--port: web.port:")


def test_a_fault_without_a_line_has_no_empty_place() -> None:
    """A file that is missing has no line: the text has one colon after its name."""
    assert str(Fault("/nowhere", "", said("is no folder"))) == "/nowhere: is no folder"


def test_a_missing_secret_file_is_no_crash(tmp_path: Path) -> None:
    """A token file that is not there is named; nothing restarts for ever because of it."""
    store = StoreSettings(url="influxdb://host:8086/gengfu", token_file=tmp_path / "token")
    assert _said(store.secret)[0].startswith(f"{tmp_path}/token: ")


def test_a_rules_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A mistyped ``rules_dir`` never means silently that the installation has no rules of its own."""
    settings = Settings(rules_dir=tmp_path / "none")
    assert "no such folder" in _said(lambda: rule_files(settings))[0]


def test_the_check_reads_what_the_settings_name(tmp_path: Path) -> None:
    """Mistakes in a class file and in a mapping are both told, each with its file."""
    (tmp_path / "barrier.yaml").write_text("class: barrier\ncolour: red\n", encoding="utf-8")
    settings = Settings(classes_dir=tmp_path, mappings=tmp_path / "none.yaml")
    said = "\n".join(_said(lambda: check_folders(settings)))
    assert f"{tmp_path}/barrier.yaml:" in said
    assert f"{tmp_path}/none.yaml: " in said


def test_a_scenario_without_a_demo_says_what_to_do(tmp_path: Path) -> None:
    """The embedded broker of an installation that is no demo has no account for simulators."""
    settings = Settings(data=tmp_path)
    import_ledger(settings, DEMO_ESTATE)
    with pytest.raises(StartError, match="--demo"):
        asyncio.run(play_scenario(settings, "demo_day", seed=1, speed=1))


@pytest.mark.parametrize("folder", ["docs", "docs/zh"])
def test_mosquitto_refuses_who_followed_the_documents(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The documented settings for Mosquitto sign in with the account that an import has made."""
    text = (ROOT / folder / "devices.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml settings\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    import_ledger(Settings(data=Path("data")), DEMO_ESTATE)
    broker = Settings(**yaml.safe_load(example)).broker
    accounts = (tmp_path / "data/broker/passwords").read_text(encoding="utf-8")
    assert f"{broker.user}:" in accounts
    assert broker.secret()


def test_asking_a_wrong_folder_makes_an_installation(tmp_path: Path) -> None:
    """Whoever asks a folder where nothing is gets a refusal or nothing, and leaves nothing there."""
    nowhere = Settings(data=tmp_path / "mistyped")
    with pytest.raises(GengfuError, match="holds no ledger: give the data folder with --data"):
        export_ledger(nowhere, tmp_path / "out")
    with pytest.raises(GengfuError, match="holds no accounts"):
        set_password(nowhere, "anna", None)
    with pytest.raises(BadInput, match="import it first"):
        add_device(nowhere, "lift-1", None)
    assert not list(tmp_path.iterdir())


def test_a_demo_elsewhere_is_not_named(tmp_path: Path) -> None:
    """Who started the demo by ``make run`` is told the option that its folder wants."""
    with pytest.raises(StartError, match="--data demo-data"):
        asyncio.run(play_scenario(Settings(data=tmp_path), "demo_day", seed=1, speed=1))


@pytest.mark.parametrize(
    ("site", "equipment", "point", "says"),
    [
        ("yunho", "pump-supply-1", "current", "--site: the ledger has no site 'yunho'"),
        ("yunhe", "pump-supply-9", "current", "--equipment: the site yunhe has no 'pump-supply-9'"),
        ("yunhe", "pump-supply-1", "curent", "--map: pump has no point 'curent' (did you mean"),
    ],
)
def test_a_recording_that_nobody_would_hear_is_refused(
    tmp_path: Path, site: str, equipment: str, point: str, says: str
) -> None:
    """A replay for an equipment or a point that the ledger lacks says so instead of "4 rows"."""
    recording = tmp_path / "recording.csv"
    recording.write_text("time,A\n2024-03-01 10:00:00,5.1\n2024-03-01 10:00:01,5.2\n")
    settings = Settings(data=tmp_path / "data")
    import_ledger(settings, DEMO_ESTATE)
    played = play_recording(
        settings,
        recording,
        site=site,
        equipment=equipment,
        points={"A": point},
        speed=1,
        keep_times=False,
        zone=ZoneInfo("UTC"),
    )
    assert _said(lambda: asyncio.run(played))[0].startswith(says)
