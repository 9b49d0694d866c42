"""Accounts added up by equipment, class, building or site, and as the figures people read. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dashboards.availability.account import NOTHING, Account
from gengfu.core.clock import SECOND, Micros

ENOUGH = 0.9
"""Below this share of known time a figure says too little to be held against a target."""


class By(StrEnum):
    """What figures are added up by."""

    EQUIPMENT = "equipment"
    CLASS = "class"
    BUILDING = "building"
    SITE = "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The account of one equipment, with what it is added up by."""

    site: str
    building: str
    equipment_class: str
    equipment: str
    account: Account

    def key(self, by: By) -> str:
        """Return the row it belongs to. A building's id is unique in its site only."""
        match by:
            case By.EQUIPMENT:
                return self.equipment
            case By.CLASS:
                return self.equipment_class
            case By.BUILDING:
                return f"{self.site}/{self.building}"
            case By.SITE:
                return self.site


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityRow:
    """The figures of an equipment, a class, a building or a site over a period. Spans in seconds."""

    key: str
    availability: float | None
    """(required − down) / required; None when nothing is known."""
    coverage: float
    failures: int
    mtbf_s: float | None
    mttr_s: float | None
    planned_s: float
    down_s: float
    unknown_s: float
    count: int = 1
    """How many pieces of equipment it is about."""
    since: Micros | None = None
    """From when on something is known of the period."""

    def meets(self, target: float | None) -> bool | None:
        """Say whether the target was met; None without a target, or when too little is known.

        What was missed even if nothing had failed in the unknown time was missed.
        """
        if self.availability is None or target is None:
            return None
        if self.coverage >= ENOUGH:
            return self.availability >= target
        best = 1 - (1 - self.availability) * self.coverage
        return False if best < target else None


def added_up(
    entries: Sequence[Entry], by: By, sites: frozenset[str] | None = None
) -> dict[str, Account]:
    """Add accounts up by key; ``sites`` None = of every site."""
    sums: dict[str, Account] = {}
    for entry in entries:
        if sites is None or entry.site in sites:
            key = entry.key(by)
            sums[key] = sums.get(key, NOTHING) + entry.account
    return sums


def row_of(key: str, account: Account) -> AvailabilityRow:
    """Return an account as the pages show it, in seconds."""
    return AvailabilityRow(
        key=key,
        availability=account.availability,
        coverage=account.coverage,
        failures=account.failures,
        mtbf_s=account.mtbf_s,
        mttr_s=account.mttr_s,
        planned_s=account.planned / SECOND,
        down_s=account.down / SECOND,
        unknown_s=account.unknown / SECOND,
        count=account.count,
        since=account.since,
    )
