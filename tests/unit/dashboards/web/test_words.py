"""Both languages complete, and figures written as people read them."""

import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.web import catalogs, figures, vocabulary
from dashboards.web.words import FOLDERS, preferred, words
from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND, from_iso
from gengfu.core.naming import Language
from gengfu.core.record import RejectReason
from gengfu.people.passwords import weakness

NOW = from_iso("2026-11-20T14:32:00+08:00")
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("language", FOLDERS)
def test_a_text_without_its_translation(language: Language) -> None:
    """Every text of templates and code has a translation that is there, sure, and still used."""
    wanted = {str(message.id) for message in catalogs.texts() if message.id}
    have = catalogs.translated(language)
    for message in have:
        if message.id:
            texts = (
                [message.string] if isinstance(message.string, str) else list(message.string or ())
            )
            assert all(texts), message.id
            assert texts, message.id
            assert not message.fuzzy, message.id
    assert {str(message.id) for message in have if message.id} == wanted
    assert not have.obsolete


@pytest.mark.parametrize("language", FOLDERS)
def test_a_translation_that_lost_a_place(language: Language) -> None:
    """A translation names exactly what its source names; what has no name stands in its order."""
    named, unnamed = re.compile(r"%\(\w+\)s"), re.compile(r"(?<!{){(?:![a-z])?(?::\w+)?}(?!})")
    for message in catalogs.translated(language):
        if message.id and isinstance(message.id, str):
            source, text = message.id, str(message.string)
            assert sorted(named.findall(source)) == sorted(named.findall(text))
            assert unnamed.findall(source) == unnamed.findall(text)


def test_chinese_texts_that_stayed_english() -> None:
    """No Chinese text is its English source."""
    same = [key for key, text in words("zh").single.items() if key == text]
    assert same == []


def test_a_reason_that_only_a_program_understands() -> None:
    """Every reason why a message is rejected has words for people."""
    assert set(vocabulary.REJECTED) == set(RejectReason)


def test_the_words_of_the_trade() -> None:
    """Guards read the words they say: 误报, 复位, 销警, 未见异常."""
    say = words("zh").gettext
    said = {say(text) for table in (vocabulary.VERDICT, vocabulary.STEP) for text in table.values()}
    assert {
        "属实",
        "故障属实",
        "误报",
        "测试",
        "误操作",
        "未见异常",
        "自行恢复",
        "接警",
        "销警",
    } <= said


@pytest.mark.parametrize(
    ("length", "zh", "en"),
    [
        (0, "0 秒", "0 s"),
        (-5 * SECOND, "0 秒", "0 s"),
        (192 * SECOND, "3 分 12 秒", "3 min 12 s"),
        (2 * HOUR, "2 小时", "2 h"),
        (2 * HOUR + 5 * SECOND, "2 小时", "2 h"),
        (3 * DAY + 4 * HOUR + MINUTE, "3 天 4 小时", "3 d 4 h"),
    ],
)
def test_durations(length: int, zh: str, en: str) -> None:
    """A duration is said by its two largest units, never as 00:03:12."""
    assert figures.span(length, words("zh")) == zh
    assert figures.span(length, words("en")) == en


@pytest.mark.parametrize(
    ("at", "text"),
    [
        ("2026-11-20T09:05:00+08:00", "09:05"),
        ("2026-11-19T16:01:00Z", "00:01"),
        ("2026-11-19T21:14:00+08:00", "昨天 21:14"),
        ("2026-11-02T21:14:00+08:00", "11-02 21:14"),
        ("2025-11-02T21:14:00+08:00", "2025-11-02"),
    ],
)
def test_moments(at: str, text: str) -> None:
    """A time is told as at the site: today, yesterday, this year, before."""
    assert figures.moment(from_iso(at), NOW, SHANGHAI, words("zh")) == text


@given(st.floats(0, 1))
def test_a_share_rounded_up_to_its_target(share: float) -> None:
    """A share is never shown greater than it is: 98.999 % is not 99 %, 99.999 % not 100 %."""
    shown = float(figures.percent(share).split("\u2009")[0])
    assert shown <= share * 100 + 1e-4
    assert shown > share * 100 - 0.0101


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-TW,en;q=0.9", "zh"),
        ("fr,en;q=0.3,zh;q=0.2", "en"),
        ("fr", "zh"),
        ("en;q=x", "zh"),
    ],
)
def test_the_browsers_language(header: str | None, language: Language) -> None:
    """The best of what a browser asks for and we have; Chinese when it asks for neither."""
    assert preferred(header) == language


@pytest.mark.parametrize("password", ["short", "x" * 257, "administrator", "aaaaaaaaaaab"])
def test_a_weakness_that_is_not_translated(password: str) -> None:
    """Every reason that the set-up form can give for a password is a text with a translation."""
    why = weakness(password, "admin")
    assert why is not None
    assert words("zh").tell(why) != why
