"""``make run`` as a new user meets it: it says where it is and soon has an alert."""

import re
import time
from datetime import datetime, timedelta

import httpx

from tests.acceptance.system import gengfu
from tests.integration.demo.conftest import Running
from tests.integration.services import PATIENCE_S, free_port, wait_for


def test_the_first_words_say_where_it_is_and_as_whom(running: Running) -> None:
    """What the command prints has the address and every demo account, each with its password."""
    assert running.base_url in re.findall(r"http://[\w.:]+", running.printed)
    for login, password in running.accounts.values():
        assert login in running.printed
        assert password in running.printed


def test_the_first_alert_opens_within_a_minute(running: Running) -> None:
    """What it tells began a minute after the address was said at the latest, by the demo's clock."""

    def alerts() -> list[dict[str, str]]:
        return list(running.system.get("/api/v1/alerts", state="open")["alerts"])

    clock = re.search(r"clock: +(\S+) × (\d+)", running.printed)
    assert clock is not None, running.printed
    minute = timedelta(minutes=int(clock[2]))
    wait_for("the first alert", lambda: bool(alerts()))
    first = min(datetime.fromisoformat(one["condition_since"]) for one in alerts())
    assert first - datetime.fromisoformat(clock[1]) < minute


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

    wait_for("readings of a lift", has_readings)

    def availability() -> float:
        rows = running.system.get(
            "/api/v1/availability", by="class", **{"from": now - 86_400_000, "to": now}
        )
        return next((row["availability"] for row in rows if row["key"] == "elevator"), None) or 0.0

    wait_for("the lifts' availability", lambda: 0 < availability() <= 1)


def test_a_second_start_on_the_same_folder_is_refused(running: Running) -> None:
    """Two systems never share a data folder: the second says who holds it."""
    done = gengfu("up", "--data", str(running.system.data), "--port", str(free_port()))
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert "already runs" in done.stdout + done.stderr


def test_health_is_open_and_everything_else_is_not(running: Running) -> None:
    """Without a session or token only health answers; data asks to sign in."""
    assert httpx.get(f"{running.base_url}/healthz", timeout=PATIENCE_S).status_code == 200
    for route in ("alerts", "equipment", "sites", "availability", "dead-letters"):
        assert (
            httpx.get(f"{running.base_url}/api/v1/{route}", timeout=PATIENCE_S).status_code == 401
        )
