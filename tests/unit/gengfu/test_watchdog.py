"""The watchdog's judgement, with the time as an argument."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gengfu.proof import SILENCE_SECONDS, Proof, ProofFile
from gengfu.watchdog import REMINDER_SECONDS, TEXTS, Notice, Watch


def proof(number: int) -> Proof:
    return Proof(number=number, at=number)


def test_three_missing_canaries_are_kept_quiet() -> None:
    """Silence is told once, reminded of every ten minutes, and its end is told once."""
    watch = Watch(since=0.0)
    assert watch.look(proof(1), 5.0) is None
    assert watch.look(proof(1), 5.0 + SILENCE_SECONDS - 0.1) is None
    assert watch.look(proof(1), 5.0 + SILENCE_SECONDS) is Notice.SILENT
    assert watch.look(proof(1), 50.0) is None
    assert watch.look(None, 5.0 + SILENCE_SECONDS + REMINDER_SECONDS) is Notice.STILL_SILENT
    assert watch.look(proof(2), 700.0) is Notice.PROVED_AGAIN
    assert watch.look(proof(3), 710.0) is None


def test_a_proof_that_lay_there_counts() -> None:
    """What an earlier core left, or a new one that has proved nothing yet, is no sign of life."""
    watch = Watch(since=0.0, seen=7)
    assert watch.look(proof(7), 1.0) is None
    assert watch.look(proof(0), 2.0) is None
    assert watch.look(proof(7), SILENCE_SECONDS) is Notice.SILENT


@given(st.lists(st.tuples(st.floats(0.1, 20), st.booleans()), max_size=200))
def test_a_silence_goes_unnoticed(steps: list[tuple[float, bool]]) -> None:
    """Looked at once a second or less often, it is silent exactly when 30 s brought no new proof."""
    watch, now, last, number = Watch(since=0.0), 0.0, 0.0, 0
    for span, came in steps:
        now += span
        if came:
            number, last = number + 1, now
        watch.look(proof(number), now)
        assert (watch.alarmed_at is not None) == (now - last >= SILENCE_SECONDS)


def test_a_notice_has_no_words() -> None:
    """Each notice can be told in both languages."""
    assert set(TEXTS) == set(Notice)


def test_a_torn_proof_is_read(tmp_path: Path) -> None:
    """The file keeps its size whatever stands in it; half a line, or no file, is no proof."""
    file = ProofFile(tmp_path / "proof")
    assert file.read() is None
    assert file.age_seconds() == float("inf")
    widest = Proof(number=-(2**63), at=-(2**63), off=-(2**63), took_ms=-2.2250738585072014e-308)
    for one in (
        widest,
        Proof(number=2**53, at=2**53, ever=True),
        Proof(number=1, at=2, stopped=True),
    ):
        file.write(one)
        assert file.read() == one
        assert file.path.stat().st_size == 256
    assert file.age_seconds() < 60
    file.path.write_bytes(file.path.read_bytes()[:20])
    assert file.read() is None
