"""How the alarms of the shipped rules would feel: ``python -m benchmarks.alarm_quality``.

The demo estate lives through days with troubles at the rates of a real property (``troubles.csv``).
Prints the figures of ISA-18.2 and EEMUA 191 and holds every alert against the truth; asserts nothing.
"""

import argparse
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

from benchmarks.troubles import cast, read_troubles
from gengfu.app.rehearsal import A_MONDAY, Rehearsal, opened
from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND, Micros
from gengfu.core.naming import Bilingual
from gengfu.core.urgency import Severity
from gengfu.ledger.classes import load_classes
from gengfu.ledger.csv_import import read_folder
from gengfu.ledger.model import SiteLedger
from rules.backtest.quality import BIN, quality
from rules.episodes import Episode
from rules.packs import shipped
from simulators.scenario.model import Scenario
from simulators.scenario.score import Result, score

DEMO = Path(__file__).parents[1] / "simulators" / "demo"
QUIET_AT_BOTH_ENDS: Micros = 2 * HOUR
"""Rules that learn a machine's normal have heard it for a while; what began has its time to end."""
GRACE: Micros = 15 * MINUTE
"""An alert so long after a fault's end may still be its consequence."""


def story(ledger: SiteLedger, days: int, seed: int) -> Scenario:
    """Draw the troubles of so many days."""
    edge, length = QUIET_AT_BOTH_ENDS, days * DAY
    begun = cast(
        read_troubles(),
        ledger,
        start=A_MONDAY,
        length=length - edge,
        rng=Random(f"{seed}/troubles"),
    )
    steps = tuple(one for one in begun if one.begins >= edge)
    name = Bilingual(zh="平常的日子", en="Ordinary days")
    return Scenario(name="ordinary", title=name, begins=0, steps=steps, lasts=length)


def true_ones(
    episodes: Sequence[Episode], scenario: Scenario, ledger: SiteLedger
) -> Iterator[Episode]:
    """Yield the alerts about an equipment that had a fault then, or that hangs on one that had."""
    faults: Mapping[str, list[tuple[Micros, Micros]]] = defaultdict(list)
    for step in scenario.steps:
        assert step.ends is not None
        span = A_MONDAY + step.begins - SECOND, A_MONDAY + step.ends + GRACE
        faults[step.injection.equipment].append(span)
    feeders = {fed: one.id for one in ledger.equipment.values() for fed in one.feeds}
    for one in episodes:
        who = one.subject.equipment
        up = ledger.equipment[who].parent or ""
        concerned = (who, up, feeders.get(who, ""), feeders.get(up, ""))
        spans = [span for id_ in concerned for span in faults.get(id_, ())]
        if any(begins <= one.opened <= ends for begins, ends in spans):
            yield one


def main() -> None:
    """Live, count, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    classes = load_classes()
    (ledger,) = read_folder(DEMO, classes)
    scenario = story(ledger, options.days, options.seed)
    length = options.days * DAY
    found = Rehearsal(classes, shipped(), options.seed).alerts(scenario, ledger, length)
    _print(found, scenario, ledger, length)


def _print(
    found: Sequence[Episode], scenario: Scenario, ledger: SiteLedger, length: Micros
) -> None:
    told = quality(found, A_MONDAY, A_MONDAY + length)
    bins = sorted(one.alarms for one in told.bins)
    whole = length // BIN
    share = Counter("low and medium" if one.severity in _SLIGHT else one.severity for one in found)
    outcomes = score(scenario, map(opened, found), start=A_MONDAY).outcomes
    detected = sum(one.result is Result.DETECTED for one in outcomes)
    true = list(true_ones(found, scenario, ledger))
    days = length / DAY
    print(
        f"{len(ledger.equipment)} pieces of equipment, {days:g} days, {len(scenario.steps)} faults"
    )
    print(
        f"alarms {told.alarms} ({told.alarms / days:.1f} a day), walks {told.walks / days:.1f} a day"
    )
    print(
        f"bins of 10 min: {told.quiet_bins} of {whole} with none; with one"
        f" {bisect_left(bins, 2)}, with 2 to 10 {len(bins) - bisect_left(bins, 2) - told.flood_bins},"
        f" with more {told.flood_bins}; most in one {told.peak}"
    )
    print(f"chattering {len(told.chattering)}: {told.chattering[:5]}")
    print(f"longer than a day {told.stale} ({told.stale / days:.2f} a day)")
    print(", ".join(f"{name} {count / len(found):.0%}" for name, count in share.most_common()))
    print(f"recall {detected} of {len(outcomes)} ({detected / max(1, len(outcomes)):.1%})")
    print(f"precision {len(true)} of {len(found)} ({len(true) / max(1, len(found)):.1%})")
    missed = Counter(one.expected.rule for one in outcomes if one.result is not Result.DETECTED)
    false = Counter(one.rule for one in found if one not in true)
    print(f"not in time: {dict(missed.most_common())}")
    print(f"false: {dict(false.most_common())}")


_SLIGHT = (Severity.LOW, Severity.MEDIUM)


if __name__ == "__main__":
    main()
