"""The demo estate on a test's stage: real ledger, real classes, no broker."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from gengfu.core.clock import HOUR, Micros, from_iso
from gengfu.ledger.classes import load_classes
from gengfu.ledger.csv_import import read_folder
from gengfu.ledger.model import SiteLedger
from simulators.device import Change, Injection, Said
from simulators.estate.estate import Estate, estate_of

DEMO = Path(__file__).parents[3] / "simulators" / "demo"
CLASSES = load_classes()
MIDNIGHT = from_iso("2026-11-20T00:00:00+08:00")
MORNING = MIDNIGHT + 7 * HOUR


@cache
def demo_ledger() -> SiteLedger:
    (ledger,) = read_folder(DEMO, CLASSES)
    return ledger


def estate(changes: Sequence[Change] = (), *, start: Micros = MORNING, seed: int = 1) -> Estate:
    return estate_of(demo_ledger(), CLASSES, start=start, seed=seed, changes=iter(changes))


def fault(
    equipment: str,
    name: str,
    *,
    after: Micros = 0,
    lasts: Micros | None = None,
    part: str | None = None,
    over: Micros = 0,
    start: Micros = MORNING,
    **settings: bool,
) -> list[Change]:
    """A fault that begins ``after`` the estate's start and ends when it has lasted."""
    injection = Injection(equipment=equipment, fault=name, part=part, over=over, settings=settings)
    begins = Change(start + after, injection, on=True)
    if lasts is None:
        return [begins]
    return [begins, Change(start + after + lasts, injection, on=False)]


def said_by(estate: Estate, equipment: str, until: Micros) -> Iterator[Said]:
    """What one model says, faults included, before anything decides what is sent."""
    (model,) = (model for model in estate.models if equipment in model.equipment)
    for change in estate.changes if estate.upcoming is None else [estate.upcoming, *estate.changes]:
        yield from model.advance(min(change.at, until))
        if change.injection.equipment == equipment and change.at <= until:
            (model.begin if change.on else model.end)(change.injection)
    yield from model.advance(until)
