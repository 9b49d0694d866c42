"""Who is fed by what, and who is without supply: a dead feeder speaks for everything behind it.

A unit feeds what its ledger row names, an equipment or all that stands in a place, once a rule of its
class says ``children: fed``: a lift that serves a building feeds nothing. What has several supplies is
without only when all are dead.
"""

from collections.abc import Mapping

from gengfu.ledger.model import SiteLedger
from rules.engine.unit import Unit
from rules.language.rule import Children


def connect(units: Mapping[str, Unit], ledgers: Mapping[str, SiteLedger]) -> None:
    """Tell every unit its suppliers and what it feeds; an edge that would close a ring is left out."""
    feeders = [unit for unit in units.values() if _may_feed(unit)]
    for feeder in sorted(feeders, key=lambda one: one.equipment.id):
        named, ledger = set(feeder.equipment.feeds), ledgers[feeder.site]
        for unit in units.values():
            if unit.site != feeder.site or unit is feeder:
                continue
            places = (place.id for place in ledger.way_to(unit.equipment.place))
            if (unit.equipment.id in named or not named.isdisjoint(places)) and (
                feeder not in all_fed(unit)
            ):
                feeder.fed.append(unit)
                unit.suppliers.append(feeder)


def all_fed(unit: Unit) -> list[Unit]:
    """Return what a unit feeds, directly or through others, each once."""
    found: dict[str, Unit] = {}
    waiting = list(unit.fed)
    while waiting:
        one = waiting.pop(0)
        if one.equipment.id not in found:
            found[one.equipment.id] = one
            waiting.extend(one.fed)
    return list(found.values())


def is_without(unit: Unit) -> bool:
    """Tell whether all suppliers of a unit are dead, or without supply themselves."""
    return bool(unit.suppliers) and all(_is_dead(one) or one.unfed for one in unit.suppliers)


def _is_dead(unit: Unit) -> bool:
    return any(
        condition.is_on and unit.plan.rules[index].rule.children is Children.FED
        for (index, _), condition in unit.conditions.items()
    )


def _may_feed(unit: Unit) -> bool:
    fed = (one.rule.children is Children.FED for one in unit.plan.rules)
    return bool(unit.equipment.feeds) and any(fed)


def reset(units: Mapping[str, Unit]) -> None:
    """Work out who is without supply; there are no rings, so it settles."""
    for unit in units.values():
        unit.unfed = False
    waiting = [unit for unit in units.values() if _may_feed(unit)]
    while waiting:
        for unit in waiting.pop(0).fed:
            if unit.unfed != is_without(unit):
                unit.unfed = not unit.unfed
                waiting.append(unit)
