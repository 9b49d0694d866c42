"""Removing a demo leaves a clean folder, and nothing of a person's own goes unasked."""

import fcntl
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gengfu.app.accounts import add_account
from gengfu.app.demo import OWN_LEDGER
from gengfu.app.devices import add_device
from gengfu.app.ledgers import import_ledger
from gengfu.app.setup import prepare
from gengfu.cli.program import app
from gengfu.config import Settings
from gengfu.installation import Installation
from gengfu.people.roles import Role
from ingest.journal import layout

HOME = Path(__file__).parents[4] / "examples" / "home"


@pytest.fixture
def demo(tmp_path: Path) -> Settings:
    """A demo that was prepared, with a person's own files beside it."""
    settings = Settings(data=tmp_path / "demo", demo=True)
    place = Installation(settings.data)
    place.prepare()
    prepare(settings, place)
    (settings.data / "my-rules").mkdir()
    (settings.data / "journal.csv").write_text("mine")
    (settings.data / "mapping.yaml").write_text("mine")
    return settings


def remove(settings: Settings, *options: str) -> Result:
    words = ["demo", "remove", "--data", str(settings.data), *options]
    before = dict(os.environ)
    try:
        return CliRunner().invoke(app, words)
    finally:
        os.environ.clear()
        os.environ.update(before)


def left(settings: Settings) -> set[str]:
    return {path.name for path in settings.data.iterdir()}


def kept(settings: Settings) -> set[str]:
    """What is there, but for what SQLite puts beside a database while somebody has it open."""
    return {name for name in left(settings) if not name.endswith(("-shm", "-wal"))}


def test_a_demo_goes_unasked(demo: Settings) -> None:
    """Without --yes, where nobody can answer, it says what would go, and nothing does."""
    before = kept(demo)
    result = remove(demo)
    assert result.exit_code == 1
    assert "desk.db" in result.output
    assert "journal.csv, mapping.yaml, my-rules" in result.output
    assert kept(demo) - {"supervisor.lock"} == before


def test_something_of_the_demo_stays_or_of_a_person_goes(demo: Settings) -> None:
    """All of Gengfu's is gone, what is not Gengfu's is there, also where its name begins alike."""
    assert remove(demo, "--yes").exit_code == 0
    assert left(demo) == {"journal.csv", "mapping.yaml", "my-rules"}
    again = remove(demo, "--yes")
    assert again.exit_code == 1
    assert "holds no demo" in str(again.exception)


def test_an_empty_folder_stays(demo: Settings) -> None:
    """A folder in which nothing is left goes too."""
    (demo.data / "my-rules").rmdir()
    for name in ("journal.csv", "mapping.yaml"):
        (demo.data / name).unlink()
    assert remove(demo, "--yes").exit_code == 0
    assert not demo.data.exists()


def test_a_real_site_goes_with_the_demo_unasked(demo: Settings) -> None:
    """What people added is named and needs a word of its own; its ledger can be imported again."""
    ledgers = import_ledger(demo, HOME)
    add_account(demo, "anna", "anna", Role.ENGINEER, None)
    add_device(demo, "lift-1", None, ())
    refused = remove(demo, "--yes")
    assert refused.exit_code == 1
    assert "Say --all" in str(refused.exception)
    for word in ("site home", "accounts: anna", "accounts of devices: lift-1"):
        assert word in refused.output
    assert {"desk.db", "secrets"} <= left(demo)
    assert remove(demo, "--yes", "--all").exit_code == 0
    assert left(demo) == {"journal.csv", "mapping.yaml", "my-rules", OWN_LEDGER}
    assert import_ledger(demo, demo.data / OWN_LEDGER, dry_run=True) == ledgers


def test_a_demo_is_pulled_from_under_who_runs_on_it(demo: Settings) -> None:
    """While a supervisor, or a writer of the journal that outlived it, is there, nothing goes."""
    place = Installation(demo.data)
    before = kept(demo)
    with place.locked():
        assert "already runs" in str(remove(demo, "--yes").exception)
    with (place.journal / layout.LOCK).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert "writing the journal" in str(remove(demo, "--yes").exception)
    assert kept(demo) - {"supervisor.lock"} == before


def test_a_system_that_never_was_a_demo_is_removed(tmp_path: Path) -> None:
    """A folder without a demo is refused, and nothing is made or taken there."""
    settings = Settings(data=tmp_path / "data")
    assert remove(settings, "--yes", "--all").exit_code == 1
    assert not settings.data.exists()
    Installation(settings.data).prepare()
    prepare(settings, Installation(settings.data))
    before = kept(settings)
    assert remove(settings, "--yes", "--all").exit_code == 1
    assert kept(settings) == before
