"""kill -9 in the middle of verdicts and steps; then look at the database from outside."""

import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rules.engine.verdict import Turn
from tests.integration.alerts.victim import verdicts_at

KILLS = 12
MOST_TOLD = 40
"""Positions before a kill; the first twenty repeat what was done before the last one."""
SEED = 20261120


def run_and_kill(file: Path, chance: random.Random) -> int:
    """Let the victim tell some positions, kill it, and return the last one it told.

    What it does until then is counted, not timed: on a busy machine it is no less.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.alerts.victim", str(file)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(chance.randint(1, MOST_TOLD))]
    assert all(told), "the victim ended by itself"
    time.sleep(chance.uniform(0, 0.02))  # the fault's moment, not a synchronisation
    process.kill()
    told += process.stdout.read().split()
    process.wait()
    return int(told[-1])


def applied_position(file: Path) -> int:
    ((position,),) = ask(file, "SELECT position FROM progress")
    assert isinstance(position, int)
    return position


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database whose writer was killed many times, with what was promised checked each time."""
    file = tmp_path_factory.mktemp("killed") / "alerts.db"
    chance = random.Random(SEED)
    for _kill in range(KILLS):
        told = run_and_kill(file, chance)
        assert applied_position(file) >= told, "a position that was told as applied is gone"
    return file


def ask(file: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_an_alert_is_doubled(file: Path) -> None:
    """No rule has two open alerts for a subject, and no journal record opened two."""
    open_twice = (
        "SELECT rule, equipment, part FROM alerts WHERE handling <> 'closed' "
        "GROUP BY 1, 2, 3 HAVING count(*) > 1"
    )
    opened_twice = (
        "SELECT rule, equipment, part, opened_position FROM alerts "
        "GROUP BY 1, 2, 3, 4 HAVING count(*) > 1"
    )
    assert ask(file, open_twice) == []
    assert ask(file, opened_twice) == []


def test_a_change_is_half(file: Path) -> None:
    """Every alert has one line for each version, and changes count without a gap (I6)."""
    assert (
        ask(
            file,
            "SELECT a.id FROM alerts a LEFT JOIN timeline t ON t.alert = a.id GROUP BY a.id "
            "HAVING count(t.version) <> a.version OR max(t.version) <> a.version "
            "OR min(t.version) <> 1",
        )
        == []
    )
    ((count, newest),) = ask(file, "SELECT count(*), max(change) FROM timeline")
    assert count == newest
    assert isinstance(count, int)
    assert count > 100


def test_a_line_goes_without_its_notification(file: Path) -> None:
    """Every line that calls people has its outbox row, and every row its line."""
    lines = ask(
        file,
        "SELECT alert || '.' || version || '.fake' FROM timeline WHERE what IN "
        "('opened', 'returned', 'timer', 'closed', 'acknowledge', 'close') ORDER BY 1",
    )
    assert ask(file, "SELECT id FROM outbox ORDER BY 1") == lines


def test_a_verdict_goes_without_its_action(file: Path) -> None:
    """Every verdict and reset waits for the journal, each once."""
    lines = ask(
        file,
        "SELECT alert || '.' || version FROM timeline WHERE what = 'reset' OR "
        "json_extract(attributes, '$.verdict') IS NOT NULL ORDER BY 1",
    )
    assert lines
    assert ask(file, "SELECT id FROM actions ORDER BY 1") == lines


def test_an_untaken_alert_lost_its_clock(file: Path) -> None:
    """I3."""
    query = (
        "SELECT id FROM alerts WHERE due_at IS NULL AND handling IN ('new','notified','received')"
    )
    assert ask(file, query) == []


def test_a_fire_is_in_no_timeline(file: Path) -> None:
    """Every fire signal of the journal stands in exactly one timeline (I2), replayed or not."""
    applied = applied_position(file)
    lines = ask(
        file,
        "SELECT json_extract(t.attributes, '$.position') FROM timeline t JOIN alerts a "
        "ON a.id = t.alert WHERE a.kind = 'life_safety' AND t.what IN "
        "('opened', 'occurred', 'returned') ORDER BY 1",
    )
    signals = [
        (position,)
        for position in range(1, applied + 1)
        if verdicts_at(position)[0].turn is not Turn.OFF
    ]
    assert lines == signals


def test_a_fire_was_closed_from_afar(file: Path) -> None:
    """No closed life-safety alert lacks arrival, verdict or reset (I9)."""
    query = (
        "SELECT id FROM alerts WHERE kind = 'life_safety' AND handling = 'closed' "
        "AND (arrived_at IS NULL OR verdict IS NULL OR reset_at IS NULL)"
    )
    assert ask(file, query) == []


def test_a_request_was_done_twice(file: Path) -> None:
    """A request sent twice left one line: as many requests are remembered as people's lines are."""
    ((lines,),) = ask(file, "SELECT count(*) FROM timeline WHERE actor NOT IN ('rule', 'system')")
    assert ask(file, "SELECT count(*) FROM requests") == [(lines,)]
