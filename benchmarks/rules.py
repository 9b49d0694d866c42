"""What rules cost: ``python -m benchmarks.rules``. Prints figures of CPU time; asserts nothing.

What an evaluation of a limit with hold and hysteresis takes, for one to 300 rules that all read one
point and one to ten thousand readings a batch, beside the same in a plain Python loop over plain lists
(G4); how the cost of a reading grows from 10 to 1,000
rules when ten are for the equipment, and from 100 to 10,000 devices (G8); and what 10,000 devices of
five points under three rules take in memory (G7).
"""

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product

import numpy as np

from benchmarks.backtest import CLASSES, SITE, START
from gengfu.core.batch import ReadingBatch
from gengfu.core.clock import SECOND, Micros
from gengfu.core.names import EquipmentName, Names, PointName
from gengfu.core.naming import Bilingual
from gengfu.core.record import Body, LedgerChange, NewNames, RulesChange
from gengfu.ledger import snapshot
from gengfu.ledger.model import Equipment, Place, PlaceKind, Site, SiteLedger
from rules.engine.state import State
from rules.engine.step import begin, step

POINTS = ("bearing_temp", "current", "water_temp", "flow", "vibration")
RULE = """  - {{id: r{number}, for: pump, {where}when: {point} > {limit}, hold: 60s, clear: {point} < {limit} - 5,
     severity: low, kind: maintenance, priority: 5, title: {{zh: 试, en: it}}, source: U bench}}
"""


def pack(count: int, groups: int = 1, points: Sequence[str] = POINTS) -> str:
    """Return so many rules over points; each is for one group of equipment."""
    lines = (
        RULE.format(
            number=number,
            where=f"where: attr.group == {number % groups}, " if groups > 1 else "",
            point=points[number // groups % len(points)],
            limit=90 + number // groups / 4,
        )
        for number in range(count)
    )
    return f"pack: bench\nrules:\n{''.join(lines)}"


def ready(devices: int, text: str, groups: int = 1) -> State:
    """Return an engine with so many pumps under these rules."""
    name = Bilingual(zh="泵", en="pump")
    pumps = [
        Equipment(
            id=f"pump-{n}",
            equipment_class="pump",
            name=name,
            place="b1",
            attributes={"group": float(n % groups)},
        )
        for n in range(devices)
    ]
    site = SiteLedger(
        site=Site(id=SITE, name=name),
        places={"b1": Place(id="b1", kind=PlaceKind.BUILDING, name=name)},
        equipment={one.id: one for one in pumps},
    )
    names = Names()
    for one in pumps:
        names.equipment_index(EquipmentName(SITE, one.id, "pump"))
    for point in POINTS:
        names.point_index(PointName("pump", point, CLASSES["pump"].points[point].kind))
    state = begin(CLASSES)
    bodies: tuple[Body, ...] = (
        NewNames((0, 0), tuple(names.equipment), tuple(names.points)),
        LedgerChange(SITE, snapshot.encode(site)),
        RulesChange({"bench.yaml": text}),
    )
    for position, body in enumerate(bodies, 1):
        state, _ = step(state, body, position=position, now=START)
    if state.refused:
        raise SystemExit("\n".join(map(str, state.refused)))
    return state


def batches(
    devices: int, size: int, count: int, *, points: int = 1, hot: float = 0.0
) -> Iterator[ReadingBatch]:
    """Yield batches of ordinary values, a second apart; a share is above its limit."""
    random = np.random.default_rng(3)
    for number in range(count):
        at = START + (number + 1) * SECOND
        values = np.round(random.normal(70, 2, size), 1)
        values[random.random(size) < hot] = 97.0
        rows = np.arange(size) + number * size
        yield ReadingBatch(
            equipment=(rows // points % devices).astype(np.int32),
            point=(rows % points).astype(np.int32),
            observed_at=np.full(size, at, dtype=np.int64),
            received_at=np.full(size, at, dtype=np.int64),
            value=values,
            flags=np.zeros(size, dtype=np.uint8),
        )


def spent(work: Callable[[], object]) -> float:
    """Return the CPU seconds of some work."""
    began = time.process_time()
    work()
    return time.process_time() - began


def engine(state: State, told: Sequence[ReadingBatch]) -> None:
    """Judge batches, a second apart."""
    for number, batch in enumerate(told):
        state, _ = step(state, batch, position=10 + number, now=int(batch.received_at[0]))


def loop(devices: int, rules: int, told: Sequence[tuple[list[int], list[float], Micros]]) -> None:
    """Do the same for plain lists in the plainest way: what a script would have."""
    limits = [(number, 90 + number / 4) for number in range(rules)]
    since: list[Micros] = [0] * (devices * rules)
    on = [False] * (devices * rules)
    for equipment, values, at in told:
        for one, value in zip(equipment, values, strict=True):
            for number, limit in limits:
                place = one * rules + number
                if on[place]:
                    on[place] = value >= limit - 5
                elif value > limit:
                    since[place] = since[place] or at
                    on[place] = at - since[place] >= 60 * SECOND
                else:
                    since[place] = 0


def evaluations(rounds: int) -> None:
    """Print G4: nanoseconds an evaluation, engine and plain loop side by side."""
    cases = [(300, 1), *product((1, 10), (1, 100, 1_000, 10_000))]
    for (rules, size), hot in product(cases, (0.0, 0.001)):
        count = max(10, 20_000 // size // rules)
        devices = min(10_000, 60 * size)  # each speaks once a minute at least
        told = list(batches(devices, size, count, hot=hot))
        plain = [
            (one.equipment.tolist(), one.value.tolist(), int(one.received_at[0])) for one in told
        ]
        text = pack(rules, points=POINTS[:1])
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(spent(partial(engine, ready(devices, text), told)))
            theirs.append(spent(partial(loop, devices, rules, plain)))
        each = [statistics.median(one) / (size * count * rules) * 1e9 for one in (ours, theirs)]
        print(
            f"{rules:>3} rules, {size:>6} readings a batch, {hot:.1%} above a limit: "
            f"{each[0]:7.1f} ns an evaluation; plain loop {each[1]:.1f} ns"
        )


def growth(rounds: int) -> None:
    """Print G8: what a reading costs by the number of rules and of devices."""
    cases: Mapping[str, tuple[int, str, int]] = {
        "10 rules, 1,000 devices": (1_000, pack(10), 1),
        "1,000 rules (10 for each), 1,000 devices": (1_000, pack(1_000, 100), 100),
        "10 rules, 100 devices": (100, pack(10), 1),
        "10 rules, 10,000 devices": (10_000, pack(10), 1),
    }
    for label, (devices, text, groups) in cases.items():
        told = list(batches(devices, 500, 100, points=len(POINTS), hot=0.001))
        took = [spent(partial(engine, ready(devices, text, groups), told)) for _ in range(rounds)]
        print(f"{label:42} {statistics.median(took) / 50_000 * 1e9:6.0f} ns a reading")


def memory(devices: int) -> None:
    """Print G7: what so many devices of five points under three rules take."""
    tracemalloc.start()
    state = ready(devices, pack(3))
    engine(state, list(batches(devices, devices * len(POINTS), 2, points=len(POINTS))))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{devices} devices x 5 points x 3 rules: {held / 1e6:.0f} MB, their ledger included")


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--devices", type=int, default=10_000)
    arguments = parser.parse_args()
    evaluations(arguments.rounds)
    growth(arguments.rounds)
    memory(arguments.devices)


if __name__ == "__main__":
    main()
