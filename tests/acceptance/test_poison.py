"""P10, F13: five thousand poisons through a real broker, and the good messages do not notice."""

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.acceptance.conftest import SEED
from tests.acceptance.house import Devices
from tests.acceptance.poison import Poison, kept, made
from tests.acceptance.trial import percentile
from tests.conftest import Figure
from tests.integration.services import wait_for

MADE = 5_400
"""Asked of Hypothesis, which leaves some out."""
ROUNDS = 7
EACH = 750
"""Poisons of a round; the list of dead letters shows a thousand at once."""
PER_GOOD = 10
FLAT_MIB = 48
"""Growth of a process from the second round to the last that still counts as flat."""


def test_poison_stops_nothing(devices: Devices, figure: Figure) -> None:
    """Each is quarantined with its reason and bytes; good events keep order; memory stays flat.

    Printed: the good events' delay, raised → acknowledged, with poison and without.
    """
    oracle, house = devices.oracle, devices.house
    before = house.system.get("/api/v1/accounting")
    _good_alone(devices, 100)
    alone = set(oracle.raised)
    corpus = kept(devices.stage, devices.victim)
    fresh = made(SEED, MADE, devices.stage, devices.victim)
    assert len(fresh) >= 5_000
    source = iter([*corpus, *fresh])
    sizes = []
    for _ in range(ROUNDS):
        _round(devices, list(itertools.islice(source, EACH)))
        sizes.append(_sizes(devices))
    wait_for("every good event to be acknowledged", oracle.settled)
    _report(devices, alone, sizes, figure)
    assert oracle.answers == list(oracle.raised), "good events overtook each other"
    house.drain()
    after = house.system.get("/api/v1/accounting")
    assert after["quarantined"] - before["quarantined"] == ROUNDS * EACH
    for name, size in sizes[1].items():
        assert sizes[-1][name] - size < FLAT_MIB, f"{name} grows: {[one[name] for one in sizes]}"
    devices.settle()
    devices.judge()


def _good_alone(devices: Devices, count: int) -> None:
    for _ in range(count):
        devices.oracle.alarm(devices.panel, f"good-{len(devices.oracle.raised)}")
        time.sleep(PER_GOOD * 0.002)
    wait_for("the good alone", devices.oracle.settled)


def _round(devices: Devices, poisons: list[Poison]) -> None:
    """Publish poison with good messages in between; then look for each in the quarantine."""
    oracle = devices.oracle
    for number, poison in enumerate(poisons):
        oracle.say(poison.topic, poison.payload)
        if number % PER_GOOD == 0:
            oracle.alarm(devices.panel, f"good-{len(oracle.raised)}")
            oracle.measure(devices.pump, "pressure_out", "current")
        time.sleep(0.002)
    wanted = Counter(poison.shown() for poison in poisons)

    def found() -> Iterator[tuple[str, str, str]]:
        for one in devices.house.system.get("/api/v1/dead-letters", limit=EACH):
            yield one["topic"], one["reason"], one["payload"]

    def complete() -> bool:
        return Counter(found()) == wanted

    try:
        wait_for("all poison to lie in quarantine", complete)
    except BaseException:
        print("missing", list((wanted - Counter(found())).elements())[:5])
        print("instead", list((Counter(found()) - wanted).elements())[:5])
        raise


def _sizes(devices: Devices) -> dict[str, int]:
    """Return the resident memory of core and desk, in MiB."""
    sizes = {}
    for name, pid in devices.house.system.pids().items():
        if name in ("core", "desk"):
            lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
            resident = next(line for line in lines if line.startswith("VmRSS"))
            sizes[name] = int(resident.split()[1]) // 1024
    return sizes


def _report(devices: Devices, alone: set[str], sizes: list[dict[str, int]], figure: Figure) -> None:
    oracle = devices.oracle
    delays = {one: at - oracle.raised_at[one] for one, at in oracle.answered_at.items()}
    for title, chosen in (("without", alone), ("with", set(delays) - alone)):
        ms = [delays[one] * 1000 for one in chosen]
        figure(f"{title} poison: p50 {percentile(ms, 50):.0f} ms, p99 {percentile(ms, 99):.0f} ms")
    figure(f"{ROUNDS * EACH:,} poisons, {len(oracle.raised)} good events; MiB: {sizes}")


def test_the_kept_corpus_is_poison() -> None:
    """What is kept has a reason that the quarantine knows, and there is enough of it."""
    corpus = kept("panel", "pump")
    assert len(corpus) >= 40
    assert len({poison.reason for poison in corpus}) >= 7
