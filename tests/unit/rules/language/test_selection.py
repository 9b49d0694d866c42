"""Some rules of many files: what stays is what it was, and the rest is gone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.language.reader import read_rules
from rules.language.selection import ids_of, only, without
from rules.packs import shipped
from tests.fakes.rule_scene import CLASSES

EVERY = {rule.id: rule for rule in read_rules(shipped(), CLASSES)}


@settings(max_examples=15, deadline=None)
@given(st.sets(st.sampled_from(sorted(EVERY))))
def test_chosen_rules_are_read_as_they_were(chosen: set[str]) -> None:
    """Whatever is chosen comes back equal, with its texts, words and spans, and nothing else."""
    left = read_rules(only(shipped(), chosen), CLASSES)
    assert {rule.id: rule for rule in left} == {one: EVERY[one] for one in chosen}


def test_a_start_writes_all_rules_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is left out no text is made: core would be as long at it as at reading them."""
    monkeypatch.delattr("yaml.serialize")
    assert without(shipped(), ()) == shipped()
    assert without(shipped(), {"nobody.s"}) == shipped()


def test_what_is_no_rule_file_is_left_out() -> None:
    """Rules of an older version may no longer be readable: they are not chosen from."""
    files = {"a.yaml": "][", "b.yaml": "- 1", "c.yaml": "pack: x\nrules: 3"}
    assert only(files, {"x.y"}) == {}


@pytest.mark.parametrize("space", [" ", "\u3000", "\xa0"])
def test_spaces_of_any_width_around_an_id_are_no_part_of_it(space: str) -> None:
    """The reader and whoever switches a rule off call it the same, so that it is really off."""
    text = f"""
pack: "own{space}"
rules:
  - id: "{space}it{space}"
    for: pump
    when: run
    severity: low
    kind: maintenance
    priority: 4
    title: {{zh: 试, en: it}}
    source: U test
"""
    read = {rule.id for rule in read_rules({"own.yaml": text}, CLASSES)}
    assert ids_of(text) == read == {"own.it"}
    assert without({"own.yaml": text}, read) == {}
    assert only({"own.yaml": text}, read).keys() == {"own.yaml"}
