"""A mistake speaks one language only, or another sentence than the one it was made of."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.web.words import words
from gengfu.core.errors import BadInput, Fault
from gengfu.core.said import NOTHING, Said, joined, said, say_again
from gengfu.ledger.classes import load_classes
from rules.language.reader import read_rules

WRONG = """
pack: own
rules:
  - id: No-Name
    for: pmp
    severity: hoch
    kind: maintenance
    priority: 9
    title: {zh: 轴承, en: ""}
    source: mine
  - id: meant_otherwise
    for: pump
    when: bearing_temp > 8000 and mode == auot and (run > 3) and avg(bearing_temp, 10) > 3
    hold: 10
    clear: bearing_temp < 9000
    during: nightly
    severity: medium
    kind: life_safety
    priority: 5
    title: {zh: "{nix}", en: x}
    source: "U x"
  - id: half_an_expression
    for: pump
    when: any(run, builing, camra) or bearing_temp >
    event: [fault]
    count: often
    confirmed_by: {for: camera}
    severity: medium
    kind: maintenance
    priority: 5
    title: {zh: x, en: x}
    source: "U x"
    foo: bar
"""

ANYTHING = st.text(max_size=20) | st.integers() | st.floats(allow_nan=False)


def upper(template: str) -> str:
    """Return a 'translation' that keeps the places."""
    return template.upper().replace("{!R}", "{!r}")


@given(ANYTHING, ANYTHING)
def test_what_stands_in_it_is_lost(first: object, second: object) -> None:
    """Said again in its own language it is itself; in another the values stand in their places."""
    one = said("no {} in {!r}", first, second)
    assert one == f"no {first} in {second!r}" == say_again(one, str)
    assert say_again(one, upper) == f"NO {first} IN {second!r}"


@given(ANYTHING)
def test_a_sentence_within_a_sentence_stays(value: object) -> None:
    """What stands in a sentence is said again too; a name of a person's is not."""
    inner = joined("; ", [said("lacks {}", value), said("is empty")])
    outer = said("{}, column {}: {}", "when", 3, inner)
    assert say_again(outer, upper) == f"when, COLUMN 3: LACKS {value}; IS EMPTY"


@given(st.text())
def test_a_strangers_text_is_taken_for_a_template(text: str) -> None:
    """What is no sentence of ours stays as it is, braces and all."""
    assert say_again(text, upper) == text


def test_nothing_says_something() -> None:
    """The mend that is not there is empty, and stands in no parentheses."""
    assert not NOTHING
    assert str(Fault("a.yaml", "3", said("is empty"), NOTHING)) == "a.yaml:3: is empty"


def test_a_sentence_forgets_its_template_on_the_way() -> None:
    """It goes through a pickle, as all that passes between our processes may."""
    one = pickle.loads(pickle.dumps(said("no point {!r}", "x")))
    assert isinstance(one, Said)
    assert say_again(one, upper) == "NO POINT 'x'"


def test_a_mistake_in_a_rule_stays_english() -> None:
    """A Chinese engineer reads every mistake, and every mend that is one, in Chinese."""
    with pytest.raises(BadInput) as caught:
        read_rules({"wrong.yaml": WRONG}, load_classes())
    assert len(caught.value.faults) > 18
    tell = words("zh").tell
    for fault in caught.value.faults:
        for text in (fault.message, fault.mend):
            assert not text or any("一" <= one <= "鿿" for one in tell(text)), text
