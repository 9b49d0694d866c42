"""What a person's file was refused for, in the order in which he mends it."""

from gengfu.core.errors import BadInput, Fault
from gengfu.core.said import said


def test_mistakes_that_jump_up_and_down_the_file() -> None:
    """Files as they came, lines from the top (10 after 9), what has no line first, nothing twice."""
    found = BadInput(
        [
            Fault("b.yaml", "10", said("late")),
            Fault("a.yaml", "3", said("low")),
            Fault("b.yaml", "9", said("no value {}", "n")),
            Fault("b.yaml", "9", said("no value {}", "n")),
            Fault("b.yaml", "", said("whole")),
            Fault("b.yaml", "9", said("another")),
        ]
    )
    assert str(found).splitlines() == [
        "b.yaml: whole",
        "b.yaml:9: no value n",
        "b.yaml:9: another",
        "b.yaml:10: late",
        "a.yaml:3: low",
    ]
    assert [fault.place for fault in found.faults] == ["", "9", "9", "10", "3"]
