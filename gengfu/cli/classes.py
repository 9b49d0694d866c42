"""``gengfu ledger classes``: the names that rules, devices and the ledger's columns are written with."""

from typing import Annotated

import typer

from gengfu.cli.options import ConfigOption, settings_from
from gengfu.cli.output import say, table
from gengfu.core.errors import BadInput, Fault
from gengfu.core.expression import nearest
from gengfu.ledger.model import EquipmentClass, PointDef


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
        raise BadInput(
            [Fault("ledger", "", f"no class {name!r}", near or "see all: gengfu ledger classes")]
        )
    _points_and_events(known[name])
    facts = facts_asked(checked_rules(settings, ()), name)
    if facts:
        say()
        table(
            [
                {
                    "fact": f"attr.{one.name}",
                    "words": ", ".join(one.words),
                    "asked by": ", ".join(one.rules),
                }
                for one in facts
            ]
        )


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


def _plausible(point: PointDef) -> str:
    low, high = ("" if one is None else f"{one:g}" for one in (point.low, point.high))
    return f"{low} … {high}".strip() if low or high else ""
