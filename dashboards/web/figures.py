"""How times, ages and figures are written. Digits as the sensor has them; units after a thin space."""

import math
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dashboards.web.words import Words, marked
from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND, Micros, to_utc
from gengfu.core.names import PointKind
from gengfu.core.naming import Bilingual, Scalar
from gengfu.ledger.model import AttributeDef, PointDef

THIN = "\u2009\u2060"
"""A thin space, kept together with what follows by a word joiner."""
SPANS: tuple[tuple[Micros, str], ...] = (
    (DAY, marked("%(n)s d")),
    (HOUR, marked("%(n)s h")),
    (MINUTE, marked("%(n)s min")),
    (SECOND, marked("%(n)s s")),
)


_WITHIN_ADDRESS = re.compile(r"(?<=\d)-(?=\d)", re.ASCII)


def whole(text: str) -> str:
    """Keep addresses such as 1-017 on one line: browsers break behind their hyphen."""
    return _WITHIN_ADDRESS.sub("-\u2060", text)


def moment(at: Micros, now: Micros, zone: ZoneInfo, words: Words) -> str:
    """Write a time as it is said: 14:32, yesterday 14:32, 11-19 14:32, 2025-11-19."""
    then, today = to_utc(at).astimezone(zone), to_utc(now).astimezone(zone)
    if then.date() == today.date():
        return f"{then:%H:%M}"
    if then.date() == today.date() - timedelta(days=1):
        yesterday = words.gettext("yesterday")
        return f"{yesterday} {then:%H:%M}"
    return f"{then:%m-%d %H:%M}" if then.year == today.year else f"{then:%Y-%m-%d}"


def exact(at: Micros, zone: ZoneInfo) -> str:
    """Write a time in full, for tooltips: 2026-11-20 14:32:07 +08:00."""
    then: datetime = to_utc(at).astimezone(zone)
    return then.isoformat(sep=" ", timespec="seconds").replace("+", " +")


def span(length: Micros, words: Words) -> str:
    """Write a duration by its two largest units: 3 分 12 秒. Never negative."""
    rest, parts = max(0, length), list[str]()
    for size, text in SPANS:
        count, rest = divmod(rest, size)
        if count or (size == SECOND and not parts):
            parts.append(words.gettext(text) % {"n": count})
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts)


def short_name(name: Bilingual, place: Bilingual) -> Bilingual:
    """Leave out of a name the places it begins with, where the place stands beside it anyway."""
    return Bilingual(
        _without(name.zh, place.zh.split()),
        _without(name.en, [f"{word} " for word in place.en.split()]),
    )


def _without(name: str, heads: Sequence[str]) -> str:
    for head in heads:
        rest = name.removeprefix(head).strip()
        name = rest if len(rest) > 1 else name
    return name


def hours(seconds: float | None, words: Words) -> str:
    """Write seconds as a duration for reports, to the minute; a dash when there is none."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    unit = MINUTE if seconds >= 60 else SECOND
    return span(round(seconds * SECOND / unit) * unit, words)


def percent(share: float | None, digits: int = 2) -> str:
    """Write a share of 1 as per cent, never rounded up to a target or to 100; a dash for None."""
    if share is None or not math.isfinite(share):
        return "–"
    scale = 10**digits
    return f"{math.floor(share * 100 * scale + 1e-6) / scale:.{digits}f}{THIN}%"


def reading(value: Scalar, point: PointDef | None, words: Words) -> str:
    """Write a point's value with its unit, or the enum's word, in the reader's language."""
    if value is None:
        return "–"
    if isinstance(value, bool) or (point and point.kind is PointKind.BOOLEAN):
        return words.gettext("yes") if value else words.gettext("no")
    if point is None:
        return str(value)
    if point.kind is PointKind.ENUM and str(value) in point.words:
        return words.say(point.words[str(value)])
    if point.kind in (PointKind.ANALOG, PointKind.INTEGER) and isinstance(value, int | float):
        return f"{value:.{point.digits}f}{THIN + point.unit if point.unit else ''}"
    return str(value)


def fact(value: Scalar, defined: AttributeDef | None, words: Words) -> str:
    """Write what the ledger tells of an equipment, as its class says that it is meant."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return words.gettext("yes") if value else words.gettext("no")
    if defined is None:
        return str(value)
    if isinstance(value, str):
        return words.say(defined.words[value]) if value in defined.words else value
    return f"{value:g}{THIN + defined.unit if defined.unit else ''}"
