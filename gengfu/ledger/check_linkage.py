"""What must hold of a cause-and-effect table: everything named exists and can be read."""

from collections.abc import Iterator, Mapping

from gengfu.core.clock import HOUR, SECOND
from gengfu.core.expression import ExpressionError, PointType, Scope, check, nearest, parse
from gengfu.core.said import Said, said
from gengfu.ledger.model import Cause, EquipmentClass, LinkageLine, SiteLedger

MAX_WITHIN = HOUR
"""Who answers a fire later than this does not answer it."""


def line_key(site: str, line: LinkageLine) -> tuple[str, ...]:
    """Return the identity of a line: the same twice is a mistake."""
    effect = " ".join(line.equipment)
    return ("linkage", site, line.cause, line.where, line.signal or "-", line.expectation, effect)


def flaws(
    ledger: SiteLedger, line: LinkageLine, classes: Mapping[str, EquipmentClass]
) -> Iterator[tuple[str, Said, Said]]:
    """Yield (column, message, mend) of everything wrong with a line."""
    yield from _where(ledger, line, classes)
    for id_ in line.equipment:
        yield from _readable(ledger, id_, "equipment", "expectation", line.expectation, classes)
    if len(set(line.equipment)) < len(line.equipment):
        yield "equipment", said("an equipment stands here twice"), said("name it once")
    if not SECOND <= line.within <= MAX_WITHIN:
        yield "within_seconds", said("a time of 1 s to 1 h is expected"), said("15, 30, 120 …")


def _where(
    ledger: SiteLedger, line: LinkageLine, classes: Mapping[str, EquipmentClass]
) -> Iterator[tuple[str, Said, Said]]:
    if line.cause is not Cause.CONFIRMED_FIRE:
        yield from _readable(ledger, line.where, "where", "signal", line.signal, classes)
        return
    if line.where not in ledger.places:
        mend = nearest(line.where, ledger.places) or said("a compartment, floor, unit or building")
        yield "where", said("there is no place {!r} in this site", line.where), mend
    if line.signal:
        yield (
            "signal",
            said("a confirmed fire has no signal of its own"),
            said("leave the cell empty"),
        )


def _readable(
    ledger: SiteLedger,
    id_: str,
    column: str,
    text_column: str,
    text: str,
    classes: Mapping[str, EquipmentClass],
) -> Iterator[tuple[str, Said, Said]]:
    """Yield why an expression cannot be read from an equipment."""
    equipment = ledger.equipment.get(id_)
    if equipment is None:
        mend = nearest(id_, ledger.equipment)
        yield column, said("there is no equipment {!r} in this site", id_), mend
        return
    class_ = classes.get(equipment.equipment_class)
    if class_ is None:  # said of the equipment itself
        return
    points = {one.name: PointType(one.kind, tuple(one.words)) for one in class_.points.values()}
    try:
        found = check(parse(text), Scope(points=points))
    except ExpressionError as exc:
        yield (
            text_column,
            said("cannot be read: {}", exc.flaw.told()),
            said("a condition on the points of {}", class_.name),
        )
        return
    for flaw in found:
        yield text_column, said("of {}: {}", id_, flaw.message), flaw.suggestion
