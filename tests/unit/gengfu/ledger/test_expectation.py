"""What a line of linkage wants, in words that a guard reads at night."""

import pytest

from gengfu.ledger.expectation import expectation_in_words
from tests.fakes.ledgers import shipped


@pytest.mark.parametrize(
    ("klass", "text", "zh", "en"),
    [
        ("door", "not locked", "未锁闭", "not locked"),
        ("door", "locked", "锁闭", "Locked"),
        ("hvac", "not run", "风机未运行", "fan not running"),
        ("smoke_control", "fan_run", "风机运行", "Fan running"),
        ("smoke_control", "not fault", "无故障", "no fault"),
        ("smoke_control", "not mains", "无电源", "mains not present"),
        ("gas_detector", "not fan_run and not alarm", "事故风机未运行 且 无燃气报警", None),
        ("elevator", "mode == fire", "运行模式：消防", "Mode: fire service"),
        ("door", "not nothing", "not nothing", "not nothing"),
    ],
)
def test_not_locked_read_as_locked(klass: str, text: str, zh: str, en: str | None) -> None:
    """A denial is denied in the words themselves, not by a yes or no behind a colon."""
    classes, _ = shipped()
    said = expectation_in_words(text, classes[klass].points)
    assert said.zh == zh
    assert en in (None, said.en)
