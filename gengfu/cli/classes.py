"""``gengfu ledger classes``: the names that rules, devices and the ledger's columns are written with."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from gengfu.cli.options import ConfigOption, settings_from
from gengfu.cli.output import say, table
from gengfu.core.errors import BadInput
from gengfu.core.expression import nearest
from gengfu.core.said import said
from gengfu.ledger.model import EquipmentClass, PointDef

if TYPE_CHECKING:
    from gengfu.app.facts import Fact


def classes(
    name: Annotated[
        str | None, typer.Argument(help="A class: its points, events and facts.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """List the classes of equipment; or one's points, its events, and the facts that rules ask."""
    from gengfu.app.facts import facts_asked
    from gengfu.app.given_files import classes_of
    from gengfu.app.rules import checked_rules

    settings = settings_from(config)
    known = classes_of(settings)
    if name is None:
        table([{"class": one.name, "": one.title.zh, "is": one.title.en} for one in known.values()])
        return
    if name not in known:
        near = nearest(name, known)
        raise BadInput.of(
            "ledger",
            "",
            said("no class {!r}", name),
            near or said("see all: gengfu ledger classes"),
        )
    _points_and_events(known[name])
    _facts(known[name], facts_asked(checked_rules(settings, ()), name))


def _points_and_events(chosen: EquipmentClass) -> None:
    table(
        [
            {
                "point": point.name,
                "": point.title.zh,
                "is": point.title.en,
                "kind": point.kind.value,
                "unit or words": point.unit or ", ".join(point.words),
                "plausible": _plausible(point),
            }
            for point in chosen.points.values()
        ]
    )
    if not chosen.events:
        return
    say()
    table(
        [
            {
                "event": event.type,
                "": event.title.zh,
                "is": event.title.en,
                "attributes": "; ".join(
                    f"{key}: {', '.join(words)}" if words else key
                    for key, words in event.attributes.items()
                ),
            }
            for event in chosen.events.values()
        ]
    )


def _facts(chosen: EquipmentClass, asked: "Sequence[Fact]") -> None:
    """List what the class knows, then what rules ask beyond that."""
    by_name = {one.name: one for one in asked}
    rows: list[dict[str, str]] = []
    for name in dict.fromkeys([*chosen.attributes, *by_name]):
        known, one = chosen.attributes.get(name), by_name.get(name)
        words = dict.fromkeys([*(known.words if known else ()), *(one.words if one else ())])
        rows.append(
            {
                "fact": f"attr.{name}",
                "": known.title.zh if known else "",
                "is": known.title.en if known else "",
                "unit or words": (known.unit if known else "") or ", ".join(words),
                "asked by": ", ".join(one.rules) if one else "",
            }
        )
    if rows:
        say()
        table(rows)


def _plausible(point: PointDef) -> str:
    low, high = ("" if one is None else f"{one:g}" for one in (point.low, point.high))
    return f"{low} … {high}".strip() if low or high else ""
