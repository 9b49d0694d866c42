"""What ships speaks Brick's and Project Haystack's words, by the lists of names kept from both."""

from pathlib import Path

import pytest

from dashboards.web.pages.alerts import FIRE_TAGS
from gengfu.ledger.classes import load_classes
from gengfu.ledger.model import EquipmentClass

KEPT = Path(__file__).parents[3] / "golden" / "vocabularies"
FUNCTIONS = {"sensor", "cmd", "sp"}

every_class = pytest.mark.parametrize("one", load_classes().values(), ids=lambda one: one.name)


def names(file: str) -> set[str]:
    _, _, words = (KEPT / file).read_text().partition("\n")
    return set(words.split())


BRICK, HAYSTACK = names("brick.txt"), names("haystack.txt")
OURS = frozenset({"fire", "smoke"})
"""Haystack has no fire; the desk names 119 by these two."""


@every_class
def test_a_class_of_equipment_is_one_that_brick_has(one: EquipmentClass) -> None:
    """Each class's ``brick`` is Equipment or below: no invented name, no point, no system."""
    assert one.brick in BRICK


@every_class
def test_every_tag_is_a_marker_that_haystack_defines(one: EquipmentClass) -> None:
    """A class's and its points' tags are plain Haystack markers, but for fire and smoke."""
    found = {*one.tags}.union(*(point.tags for point in one.points.values()))
    assert found <= HAYSTACK | OURS


@every_class
def test_equipment_is_equipment_and_a_point_says_what_it_does(one: EquipmentClass) -> None:
    """A class is ``equip`` and no sensor; each point has one of Haystack's three functions."""
    assert "equip" in one.tags
    assert FUNCTIONS.isdisjoint(one.tags)
    wordless = [name for name, point in one.points.items() if len(FUNCTIONS & {*point.tags}) != 1]
    assert not wordless


def test_our_own_words_are_those_that_the_desk_reads() -> None:
    """Beside Haystack's only those tags exist by which a page offers the fire brigade."""
    assert FIRE_TAGS - HAYSTACK == OURS
