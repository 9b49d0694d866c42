"""What a parser says of a file that is no YAML: at the line that is wrong, with its mend."""

import pytest

from gengfu.core.said import say_again
from gengfu.marked import Page

NO_COLON = "not YAML: could not find expected ':' (a colon is half-width, with a space behind it)"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "id: it\nfor：pump\nwhen: run\n",
            f"x.yaml:2: {NO_COLON}",
        ),
        (
            "a:\n  id: it\n  priority:4\n  when: run\n",
            f"x.yaml:3: {NO_COLON}",
        ),
        ("a: 1\n---\nb: 2\n", "x.yaml:2: not YAML: but found another document (leave out the line ---)"),
        (
            "when: > 5\n",
            "x.yaml:1: not YAML: did not find expected comment or line break (put the text in quotes)",
        ),
        (
            "a:\n  - id: it\n\tfor: pump\n",
            "x.yaml:3: not YAML: found a tab character that violates indentation (indent with spaces)",
        ),
    ],
)  # fmt: skip
def test_what_is_no_yaml_is_told_where_it_is(text: str, fault: str) -> None:
    """Not at the line where the parser noticed, and in words that can be said in Chinese."""
    page = Page("x.yaml")
    assert page.root(text) is None
    assert [str(one) for one in page.faults] == [fault]
    asked: set[str] = set()

    def note(template: str) -> str:
        asked.add(template)
        return template

    for one in page.faults:
        say_again(one.message, note)
    assert len(asked) == 2
