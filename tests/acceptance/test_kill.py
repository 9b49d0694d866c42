"""Nothing is lost: core and desk are killed under load, and an outsider finds everything whole."""

import random
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.acceptance.oracle import Oracle
from tests.acceptance.system import ROOT, System
from tests.integration.services import Mosquitto, mosquitto, wait_for

KILLS = 24
SEED = 20261120
PUMPS = ("pump-supply-1", "pump-supply-2", "pump-supply-3", "pump-jockey")
POINTS = ("pressure_out", "current")
PANEL = "fire-panel-1"


def _load_and_kill(system: System, oracle: Oracle) -> dict[str, int]:
    """Publish all the time while processes are killed; return how often each was."""
    dice, killed = random.Random(SEED), {"core": 0, "desk": 0}
    next_kill = time.monotonic() + 2
    turn = 0
    while sum(killed.values()) < KILLS:
        for pump in PUMPS:
            oracle.measure(pump, *POINTS)
        if turn % 10 == 0 and len(oracle.raised) < 150:
            oracle.alarm(PANEL, f"1-{len(oracle.raised) + 1:03d}")
        if turn % 25 == 0:
            oracle.insist()
        if time.monotonic() > next_kill:
            victim = dice.choice(("core", "core", "desk"))
            system.kill(victim)
            killed[victim] += 1
            next_kill = time.monotonic() + dice.uniform(0.8, 3.0)
        turn += 1
        time.sleep(0.04)
    return killed


def _settle(system: System, oracle: Oracle) -> None:
    def everything_taken() -> bool:
        oracle.insist()
        time.sleep(0.5)
        return oracle.settled()

    wait_for("every event to be acknowledged", everything_taken, seconds=60)

    def drained() -> bool:
        sums = system.get("/api/v1/accounting")
        behind = sums["records_behind"] or sums["pending"]
        return not behind and all(
            len(_stored(system, equipment, point, sent)) >= len(sent)
            for (equipment, point), sent in oracle.taken.items()
        )

    wait_for("the store to hold what the broker took", drained, seconds=60)


def _stored(
    system: System, equipment: str, point: str, sent: Mapping[int, float]
) -> dict[int, float]:
    """Read back what the store has of a series over the time in which it was sent."""
    reply = system.get(
        f"/api/v1/equipment/{equipment}/readings",
        point=point,
        **{"from": min(sent), "to": max(sent) + 1},
    )
    stored = dict(zip(reply["times"], reply["values"], strict=True))
    assert len(stored) == len(reply["times"]), "a time stands twice"
    return stored


@pytest.mark.timeout(300)
def test_no_kill_loses_or_doubles_anything(tmp_path: Path) -> None:
    """Two dozen ``kill -9`` of core and desk under load: I1, I2, I3, I5 and I8 hold from outside."""
    broker: Mosquitto = mosquitto(tmp_path / "broker")
    system = System(tmp_path, arguments=("--broker", broker.url))
    with broker.up():
        system.import_ledger(ROOT / "simulators" / "demo")
        with system.up():
            oracle = Oracle(port=broker.port, site="yunhe", seed=SEED)
            oracle.connect()
            killed = _load_and_kill(system, oracle)
            _settle(system, oracle)
            oracle.close()
            _judge_events(system, oracle)
            values = _judge_readings(system, oracle)
            _judge_accounting(system)
    print(f"seed {SEED}: killed {killed}, {len(oracle.raised)} fire events, {values} values")


def _judge_events(system: System, oracle: Oracle) -> None:
    """I1, I2, I3: each acknowledged event is in exactly one alert, which has a clock running."""
    alerts = []
    cursor = None
    while True:
        extra: dict[str, object] = {"cursor": cursor} if cursor else {}
        page = system.get("/api/v1/alerts", state="all", equipment=PANEL, **extra)
        alerts += page["alerts"]
        cursor = page["cursor"]
        if not cursor:
            break
    fires = [alert for alert in alerts if alert["rule"] == "fire_panel.first_signal"]
    parts = [alert["part"] for alert in fires]
    assert sorted(parts) == sorted(part for _, part in oracle.raised.values())
    for alert in fires:
        assert alert["occurrences"] == 1, alert
        assert alert["handling"] in {"new", "notified"}
        assert alert["due_at"] is not None, "an open unacknowledged alert has no timer"


def _judge_readings(system: System, oracle: Oracle) -> int:
    """I8: the store holds every value that the broker took, bit-equal and once."""
    count = 0
    for (equipment, point), sent in oracle.taken.items():
        stored = _stored(system, equipment, point, sent)
        missing = {at: value for at, value in sent.items() if stored.get(at) != value}
        assert not missing, f"{equipment} {point}: {len(missing)} of {len(sent)} wrong or missing"
        assert len(stored) == len(sent), f"{equipment} {point}: invented values"
        count += len(sent)
    return count


def _judge_accounting(system: System) -> None:
    """I5: everything received is accounted for, exactly."""
    sums = system.get("/api/v1/accounting")
    parts = (
        "stored",
        "duplicate",
        "expired",
        "null",
        "unknown_point",
        "quarantined",
        "shed",
        "pending",
    )
    assert sums["received"] == sum(sums[part] for part in parts), sums
