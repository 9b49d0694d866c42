"""What goes wrong at a residential property in an ordinary year, and how often: ``troubles.csv``.

Each line is one trouble of a class and how often a year each piece of equipment has it. Sourced: a
lift is called out two to four times a year, and doors lead the causes; it is serviced every 15 days
(TSG T5002, as quoted). All other figures are experience (U), right to a factor of two or three: a
prop under a unit door weekly, a repair yearly, an emergency once in ten years. What people do happens
when people are about. A confirmed fire with its linkage, a burst main and a flood of alarms are left
to the scenarios: of these a month would hold one at most.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from gengfu.core.clock import DAY, HOUR, Micros
from gengfu.core.expression import parse_span
from gengfu.core.naming import Scalar
from gengfu.ledger.model import Equipment, SiteLedger
from simulators.device import Injection
from simulators.models.people import BUSY_BY_HOUR, busy
from simulators.scenario.cast import scalar
from simulators.scenario.model import Expectation, Step

TABLE = Path(__file__).with_suffix(".csv")
_YEAR: Micros = 365 * DAY
_MEAN_BUSY = sum(BUSY_BY_HOUR) / 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that happens to equipment of a class.

    ``a_year``: how often at each piece; ``lasts``: at least and at most. ``rule`` ought to open
    ``within`` so long; None where nothing has to be said.
    """

    equipment_class: str
    where: Mapping[str, Scalar]
    """Attributes that the equipment must have."""
    fault: str
    settings: Mapping[str, Scalar]
    part_types: frozenset[str]
    """It happens at an address of one of these types; none = at the equipment as a whole."""
    a_year: float
    lasts: tuple[Micros, Micros]
    by_people: bool
    rule: str | None
    within: Micros

    def happens_to(self, equipment: Equipment) -> bool:
        """Tell whether this equipment can have it."""
        fits = all(equipment.attributes.get(name) == value for name, value in self.where.items())
        return equipment.equipment_class == self.equipment_class and fits


def read_troubles(file: Path = TABLE) -> Sequence[Trouble]:
    """Read the table."""
    with file.open(encoding="utf-8") as lines:
        return [_trouble(row) for row in csv.DictReader(lines)]


def _trouble(row: Mapping[str, str]) -> Trouble:
    least, most = (parse_span(one) for one in row["lasts"].split())
    return Trouble(
        equipment_class=row["class"],
        where=_named(row["where"]),
        fault=row["fault"],
        settings=_named(row["with"]),
        part_types=frozenset(row["parts"].split()),
        a_year=float(row["a_year"]),
        lasts=(least, most),
        by_people=row["people"] == "yes",
        rule=row["rule"] or None,
        within=parse_span(row["within"]) if row["within"] else 0,
    )


def _named(text: str) -> Mapping[str, Scalar]:
    pairs = (one.partition("=") for one in text.split())
    return {name: scalar(value) for name, _, value in pairs}


def cast(
    troubles: Sequence[Trouble], ledger: SiteLedger, *, start: Micros, length: Micros, rng: Random
) -> Iterator[Step]:
    """Yield what happens at a site; times from ``start``, never two at once at one equipment."""
    zone = ZoneInfo(ledger.site.time_zone)
    equipment = sorted(ledger.equipment.values(), key=lambda one: one.id)
    taken: dict[str, list[tuple[Micros, Micros]]] = {one.id: [] for one in equipment}
    for trouble in troubles:
        for one in filter(trouble.happens_to, equipment):
            for begins in _moments(trouble, start, length, zone, rng):
                ends = begins + round(rng.uniform(*trouble.lasts))
                spans = taken[one.id]
                if all(ends + HOUR < other or begins > over + HOUR for other, over in spans):
                    spans.append((begins, ends))
                    yield _step(trouble, one, begins, ends, rng)


def _moments(
    trouble: Trouble, start: Micros, length: Micros, zone: ZoneInfo, rng: Random
) -> Iterator[Micros]:
    """Yield when it begins; what people do is drawn by thinning, as their arrivals are."""
    often = trouble.a_year / (_MEAN_BUSY if trouble.by_people else 1.0)
    at: Micros = 0
    while (at := at + round(rng.expovariate(often) * _YEAR)) < length:
        if not trouble.by_people or rng.random() < busy(start + at, zone):
            yield at


def _step(trouble: Trouble, who: Equipment, begins: Micros, ends: Micros, rng: Random) -> Step:
    fitting = sorted(one.address for one in who.parts.values() if one.type in trouble.part_types)
    injection = Injection(
        equipment=who.id,
        fault=trouble.fault,
        part=rng.choice(fitting) if fitting else None,
        settings=trouble.settings,
    )
    expects: tuple[Expectation, ...] = ()
    if trouble.rule is not None:
        expects = (Expectation(rule=trouble.rule, within=trouble.within, equipment=who.id),)
    return Step(begins=begins, ends=ends, injection=injection, expects=expects)
