"""What joins an equipment to others: places, parents, supplies."""

from dataclasses import replace

import pytest

from gengfu.core.naming import Bilingual
from gengfu.ledger.model import Place, PlaceKind, Site, SiteLedger
from rules.engine.groups import anchors
from rules.language.rule import Relation
from tests.fakes.rule_scene import SITE, equipment

PLACES = {
    one.id: one
    for one in (
        Place(id="b", kind=PlaceKind.BUILDING, name=Bilingual(zh="b", en="b")),
        Place(id="u", kind=PlaceKind.UNIT, name=Bilingual(zh="u", en="u"), parent="b"),
        Place(id="f", kind=PlaceKind.FLOOR, name=Bilingual(zh="f", en="f"), parent="u"),
        Place(id="z", kind=PlaceKind.ZONE, name=Bilingual(zh="z", en="z"), parent="f"),
    )
}


@pytest.mark.parametrize(
    ("relation", "wanted"),
    [
        (Relation.ZONE, "z"),
        (Relation.FLOOR, "f"),
        (Relation.UNIT, "u"),
        (Relation.BUILDING, "b"),
        (Relation.SITE, SITE),
        (Relation.SIBLINGS, "switch"),
        (Relation.SUPPLY, "riser"),
    ],
)
def test_each_relation_finds_what_joins(relation: Relation, wanted: str) -> None:
    """The nearest place of the kind, the parent, and what feeds the equipment before its building."""
    one = replace(equipment("one", "camera", "switch"), place="z")
    main = replace(equipment("main", "power_distribution"), place="b", feeds=("b",))
    riser = replace(equipment("riser", "power_distribution"), place="b", feeds=("f",))
    ledger = SiteLedger(
        site=Site(id=SITE, name=Bilingual(zh="s", en="s")),
        places=PLACES,
        equipment={each.id: each for each in (one, main, riser)},
    )
    assert anchors(ledger)(one, relation) == wanted
