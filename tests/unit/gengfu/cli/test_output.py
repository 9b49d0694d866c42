"""A terminal that is spoken to in the other language."""

import pytest

from gengfu.cli.output import complain, counted, say
from gengfu.core.errors import BadInput, Fault, GengfuError
from gengfu.core.said import said

LANGUAGE = ("LC_ALL", "LC_MESSAGES", "LANG")
TWO = BadInput(
    [
        Fault(
            "parts.csv",
            said("row {}, column {}", 212, "type"),
            said("the cell is empty"),
            said("keep one"),
        ),
        Fault("pump.yaml", "3", said("no point {!r}", "temp")),
    ]
)
IN_ENGLISH = """\
parts.csv:row 212, column type: the cell is empty (keep one)
pump.yaml:3: no point 'temp'
2 faults; nothing was changed.
"""
IN_CHINESE = """\
parts.csv:第 212 行 type 列: 单元格是空的（留一个）
pump.yaml:3: 没有点位 'temp'
共 2 处错误；什么都没有改动。
"""


@pytest.mark.parametrize(
    ("spoken", "wanted"),
    [
        ({}, IN_ENGLISH),
        ({"LANG": "C.UTF-8"}, IN_ENGLISH),
        ({"LANG": "zh_CN.UTF-8"}, IN_CHINESE),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, IN_CHINESE),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, IN_ENGLISH),
        ({"LANG": "zh_CN.GB18030", "LC_ALL": ""}, IN_CHINESE),
    ],
)
def test_mistakes_in_a_language_nobody_chose(
    spoken: dict[str, str],
    wanted: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Mistakes, their places and their number are said in the terminal's own language."""
    for name in LANGUAGE:
        monkeypatch.delenv(name, raising=False)
    for name, value in spoken.items():
        monkeypatch.setenv(name, value)
    complain(TWO)
    assert capsys.readouterr().err == wanted


def test_an_error_that_is_no_mistake_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """It is said as it is."""
    complain(GengfuError("the port 1883 is taken"))
    assert capsys.readouterr().err == "the port 1883 is taken\n"


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (1, "flood", "1 flood"),
        (0, "flood", "0 floods"),
        (2, "piece of equipment", "2 pieces of equipment"),
        (1, "piece of equipment", "1 piece of equipment"),
    ],
)
def test_one_of_many(number: int, noun: str, said: str) -> None:
    """One is one, none and several are many."""
    assert counted(number, noun) == said


def test_an_answer_in_a_language_nobody_chose(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a command says, and an error that is one sentence, are in the terminal's language too."""
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    say(said("Nothing was removed."))
    complain(GengfuError(said("Nothing was removed: say --yes")))
    said_again = capsys.readouterr()
    assert said_again.out == "什么也没有删除。\n"
    assert said_again.err == "什么也没有删除：确认删除请加 --yes\n"
