"""What is missing in a device's sequence is told once, and nothing that came."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.sequences import MOST_HOLES, Gap, Sequences
from gengfu.core.batch import TopicKind
from gengfu.core.clock import SECOND
from gengfu.core.identity import Counted

AT = 1_763_600_000 * SECOND


def counted(seq: int, boot: str = "a", kind: TopicKind = TopicKind.TELEMETRY) -> Counted:
    return Counted("lift-1", kind, boot, seq)


@given(st.permutations(range(1, 12)), st.sets(st.integers(2, 11)), st.integers(0, 3))
def test_a_late_message_is_missing(order: list[int], lost: set[int], doubled: int) -> None:
    """In any order, with any doubled, exactly what never came after the first is told, once."""
    sequences = Sequences()
    sequences.note(counted(1), AT)
    came = [seq for seq in order if seq not in lost]
    for seq in [*came, *came[:doubled]]:
        sequences.note(counted(seq), AT)
    missing = {seq for seq in lost if seq < max(came)}
    told = sequences.gaps(AT)
    assert told == ([Gap("lift-1", TopicKind.TELEMETRY, len(missing))] if missing else [])
    assert sequences.gaps(AT) == []


def test_a_hole_is_told_before_its_time() -> None:
    """A hole that is filled in time is no gap; one that is not is told when its time has come."""
    sequences = Sequences()
    for seq, after in ((5, 0), (7, 10), (9, 20), (6, 30)):
        sequences.note(counted(seq), AT + after)
    assert sequences.gaps(AT + 19) == []
    assert sequences.gaps(AT + 20) == [Gap("lift-1", TopicKind.TELEMETRY, 1)]
    sequences.note(counted(8), AT + 40)
    assert sequences.gaps(AT + 99) == []


def test_a_reboot_is_a_gap() -> None:
    """Another boot begins another sequence; what the old one lacked is told. Kinds count apart."""
    sequences = Sequences()
    sequences.note(counted(100), AT)
    sequences.note(counted(1, "b"), AT)
    sequences.note(counted(7, "b", TopicKind.EVENT), AT)
    assert sequences.gaps(AT) == []
    sequences.note(counted(4, "b"), AT)
    sequences.note(counted(1, "c"), AT)
    assert sequences.gaps(0) == [Gap("lift-1", TopicKind.TELEMETRY, 2)]


def test_a_sequence_of_holes_fills_the_memory() -> None:
    """A device that counts in twos costs a bounded memory, and every gap is told."""
    sequences, count = Sequences(), 3 * MOST_HOLES
    for seq in range(0, 2 * count + 1, 2):
        sequences.note(counted(seq), AT)
    first, second = sequences.gaps(0), sequences.gaps(AT)
    assert first[0].missing + second[0].missing == count
    assert second[0].missing == MOST_HOLES
    sequences.note(counted(10**15), AT)
    assert sequences.gaps(AT)[0].missing == 10**15 - 2 * count - 1
