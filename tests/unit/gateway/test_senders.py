"""What is noticed of devices as senders: gaps, clocks that are off, two under one name."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.codecs.native.message import Limits
from gateway.decoded import RawMessage
from gateway.directory import build_directory
from gateway.intake import Intake
from gateway.senders import Remark
from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros
from tests.fakes.journal import FakeJournal
from tests.fakes.small_estate import shipped_classes, small_estate

AT = 1_763_600_400 * SECOND


class Ear:
    """An intake, and what it remarked."""

    def __init__(self) -> None:
        journal = FakeJournal()
        directory = build_directory([small_estate()], shipped_classes(), journal.names)
        self.intake = Intake(journal, directory, Limits())

    def hear(self, seq: int, boot: str, *, at: Micros, told: Micros | None = None) -> None:
        stamp = (at if told is None else told) // 1000
        payload = f'{{"ts": {stamp}, "seq": {seq}, "boot": "{boot}", "points": {{"speed": 1.0}}}}'
        topic = "gf/yunhe/lift-1/up/telemetry"
        self.intake.commit([RawMessage(topic, payload.encode(), at)], at=at)

    def remarks(self, at: Micros) -> Sequence[Remark]:
        return self.intake.senders.remarks(at, missing_since=at - MINUTE)

    def types(self, at: Micros) -> list[str]:
        return [one.type for one in self.remarks(at)]


@pytest.fixture
def ear() -> Ear:
    return Ear()


def test_a_wrong_clock_is_told_of_nobody(ear: Ear) -> None:
    """A clock that is not believed is told with the device and by how much it is off."""
    ear.hear(1, "b", at=AT, told=AT + 2 * HOUR)
    assert ear.remarks(AT) == [Remark("clock_off", "lift-1", {"off_s": 7200})]
    ear.hear(2, "b", at=AT + SECOND, told=AT - 80 * HOUR)
    assert ear.types(AT + SECOND) == []


def test_a_wrong_clock_is_told_every_second(ear: Ear) -> None:
    """While it lasts it is told every hour; when it was right for two hours it is news again."""
    told = []
    for minute in range(0, 180, 5):
        at = AT + minute * MINUTE
        ear.hear(minute, "b", at=at, told=at + HOUR)
        told += [minute for one in ear.types(at) if one == "clock_off"]
    assert told == [0, 60, 120]
    later = AT + 6 * HOUR
    assert ear.types(later) == ["gap"]
    ear.hear(1000, "b", at=later, told=later + HOUR)
    assert ear.types(later) == ["clock_off"]


def test_times_that_are_believed_are_doubted(ear: Ear) -> None:
    """A clock off by less than is believed, and a message without a time, say nothing."""
    ear.hear(1, "b", at=AT, told=AT + 4 * MINUTE)
    ear.hear(2, "b", at=AT, told=AT - 70 * HOUR)
    ear.intake.commit([RawMessage("gf/yunhe/lift-1/up/telemetry", b'{"speed": 1}', AT)], at=AT)
    assert ear.types(AT) == []


def test_another_boot_hides_the_true_device(ear: Ear) -> None:
    """Two that count, each from its own start, are told when each has been heard a few times."""
    for step in range(6):
        ear.hear(100 + step, "real", at=AT + 2 * step * SECOND)
        ear.hear(1 + step, "false", at=AT + (2 * step + 1) * SECOND)
    assert ear.types(AT + 20 * SECOND) == ["two_senders"]
    assert ear.types(AT + 30 * SECOND) == []


def test_the_same_boot_hides_the_true_device(ear: Ear) -> None:
    """Who goes on counting where the device was takes its numbers: its own then look used."""
    ear.hear(100, "b", at=AT)
    for step in range(1, 6):
        ear.hear(100 + step, "b", at=AT + step * SECOND)
    for step in range(1, 6):
        ear.hear(100 + step, "b", at=AT + (10 + step) * SECOND)
    assert ear.types(AT + 20 * SECOND) == ["two_senders"]


@given(
    st.lists(st.integers(1, 8), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
    st.integers(0, 5),
)
def test_one_device_is_two(starts: list[int], order: Random, again: int) -> None:
    """Restarts, repeats, losses and any delay of one device's messages are never two senders."""
    ear, sent = Ear(), list[tuple[int, str, Micros]]()
    for boot, messages in enumerate(starts):
        sent += [
            (seq, f"b{boot}", AT + (10 * boot + seq) * SECOND) for seq in range(1, messages + 1)
        ]
    arriving = sent + sent[:again]
    order.shuffle(arriving)
    for number, (seq, start, told) in enumerate(arriving):
        ear.hear(seq, start, at=AT + HOUR + number * SECOND, told=told)
    assert "two_senders" not in ear.types(AT + 2 * HOUR)
