"""Availability of everything in the ledger, added up by equipment, class, building or site."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias

from dashboards.availability.account import Account, Window, account_of
from dashboards.availability.figures import AvailabilityRow, By, Entry, added_up, row_of
from gengfu.core.clock import Clock, Micros
from gengfu.core.states import StateInterval
from gengfu.ledger.model import EquipmentClass, SiteLedger

Planned: TypeAlias = Callable[[str, Micros, Micros], Sequence[Window]]
"""Equipment, start, end → its planned windows of maintenance."""

NO_BUILDING = "-"


class States(Protocol):
    """Where operating states come from: ``Estate``."""

    @property
    def now(self) -> Micros:
        """The time up to which states are known."""

    def since_up(self, start: Micros, end: Micros) -> Mapping[str, Sequence[StateInterval]]:
        """Return the states of everything until ``end``, from when it was last up by ``start`` on."""


class Ledgers(Protocol):
    """The ledgers as they stand."""

    @property
    def sites(self) -> Mapping[str, SiteLedger]: ...

    @property
    def classes(self) -> Mapping[str, EquipmentClass]: ...


def unplanned(_equipment: str, _start: Micros, _end: Micros) -> Sequence[Window]:
    """Know of no planned maintenance: there is no plan yet."""
    return ()


class AvailabilityService:
    """Figures by time for pages, reports and Grafana."""

    def __init__(
        self, states: States, ledgers: Ledgers, clock: Clock, planned: Planned = unplanned
    ) -> None:
        self._states = states
        self._ledgers = ledgers
        self._clock = clock
        self._planned = planned
        self._last: tuple[tuple[Micros, Micros, Micros], list[Entry]] | None = None
        """The newest answer: a page asks for the same period by several keys."""

    def entries(self, start: Micros, end: Micros) -> Sequence[Entry]:
        """Account for every equipment over [start, end), as far as it has passed and is known."""
        known = self._states.now
        end = min(end, known, self._clock.now())
        if end <= start:
            return []
        asked, last = (start, end, known), self._last
        if last is None or last[0] != asked:
            last = self._last = (asked, self._accounts(start, end))
        return last[1]

    def _accounts(self, start: Micros, end: Micros) -> list[Entry]:
        states = self._states.since_up(start, end)
        return [
            Entry(
                site=site,
                building=building,
                equipment_class=kind,
                equipment=equipment,
                account=self._account(equipment, states.get(equipment, ()), start, end),
            )
            for site, building, kind, equipment in self._equipment()
        ]

    def _account(
        self, equipment: str, states: Sequence[StateInterval], start: Micros, end: Micros
    ) -> Account:
        first = min(start, states[0].start) if states else start
        planned = self._planned(equipment, first, end)
        return account_of(states, start, end, planned=planned)

    def figures(
        self, start: Micros, end: Micros, *, by: str, sites: frozenset[str] | None = None
    ) -> list[AvailabilityRow]:
        """Return the figures by equipment, class, building or site, in the ledger's order.

        Raises:
            ValueError: when ``by`` is none of these.
        """
        grouped = added_up(self.entries(start, end), By(by), sites)
        return [row_of(key, account) for key, account in grouped.items()]

    def _equipment(self) -> Iterator[tuple[str, str, str, str]]:
        for ledger in self._ledgers.sites.values():
            for one in ledger.equipment.values():
                building = ledger.building_of(one.place) or NO_BUILDING
                yield ledger.site.id, building, one.equipment_class, one.id
