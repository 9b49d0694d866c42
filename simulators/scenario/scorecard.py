"""A score as people read it: lines for the terminal, a table for the documents in both languages."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros
from gengfu.core.naming import Bilingual, Language
from simulators.scenario.model import Act, Doing, Found
from simulators.scenario.score import Need, Outcome, Result, Score

_HEAD: Mapping[Language, str] = {
    "zh": "| 场景 | 真相 | 应报 | 发现 | 限时 | 误报 | 处置所需 |",
    "en": "| scenario | truth | what ought to come | found after | within | false | handling |",
}
_RULE = "|---|---|---|---|---|---|---|"
_RESULTS: Mapping[Result, Bilingual] = {
    Result.DETECTED: Bilingual("已发现", "detected"),
    Result.LATE: Bilingual("过迟", "late"),
    Result.MISSED: Bilingual("漏报", "missed"),
    Result.UNHANDLED: Bilingual("未处置", "unhandled"),
}
NEEDS: Mapping[Need, Bilingual] = {
    Need.ON_SITE: Bilingual("到场核实", "on site"),
    Need.WALK: Bilingual("走一趟", "walk"),
    Need.ORDER: Bilingual("工单", "order"),
    Need.LOOK: Bilingual("看一眼", "look"),
}
DOINGS: Mapping[Doing, Bilingual] = {
    Doing.ACKNOWLEDGE: Bilingual("接警", "taken"),
    Doing.EN_ROUTE: Bilingual("出发", "on the way"),
    Doing.ARRIVE: Bilingual("到场", "on site"),
    Doing.VERDICT: Bilingual("核实", "found"),
    Doing.RESET: Bilingual("复位", "reset"),
    Doing.CLOSE: Bilingual("销警", "closed"),
}
FINDINGS: Mapping[Found, Bilingual] = {
    Found.REAL: Bilingual("属实", "real"),
    Found.FAULT: Bilingual("故障属实", "a fault"),
    Found.FALSE: Bilingual("误报", "false"),
    Found.TEST: Bilingual("测试", "a test"),
    Found.MISUSE: Bilingual("误操作", "misuse"),
    Found.NOTHING_FOUND: Bilingual("未见异常", "nothing found"),
    Found.RESTORED_ITSELF: Bilingual("自行恢复", "restored itself"),
}
_NOTHING = Bilingual("（不应有报警）", "(nothing)")


def span(time: Micros | None) -> str:
    """Return a duration as people write it: 8s, 2m5s, 4h."""
    if time is None:
        return "–"
    hours, rest = divmod(time, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else ""]
    seconds = round(rest / SECOND, 1)
    if seconds or not (hours or minutes):
        parts.append(f"{seconds:g}s")
    return "".join(parts)


def lines(score: Score) -> Iterator[Mapping[str, str]]:
    """Yield a row for each expectation and each false alarm of a score."""
    for one in score.outcomes:
        yield {
            "scenario": score.scenario.name,
            "result": ": ".join((one.result.value, *one.refused)),
            "rule": one.expected.rule,
            "about": one.expected.equipment,
            "after": span(one.delay),
            "within": span(one.expected.within),
            "needs": one.alert.need.value if one.alert else "",
        }
    for alarm in score.false_alarms:
        yield {
            "scenario": score.scenario.name,
            "result": "false alarm",
            "rule": alarm.rule,
            "about": alarm.equipment if alarm.part is None else f"{alarm.equipment} {alarm.part}",
            "after": "",
            "within": "",
            "needs": alarm.need.value,
        }
    if not score.outcomes and not score.false_alarms:
        yield {
            "scenario": score.scenario.name,
            "result": "silent",
            "rule": "",
            "about": "",
            "after": "",
            "within": "",
            "needs": "",
        }


def total(scores: Sequence[Score]) -> str:
    """Return the sum over scenarios in one sentence."""
    expected = sum(len(one.outcomes) for one in scores)
    found, late, missed, unhandled = (
        sum(one.count(result) for one in scores)
        for result in (Result.DETECTED, Result.LATE, Result.MISSED, Result.UNHANDLED)
    )
    false = sum(len(one.false_alarms) for one in scores)
    return (
        f"{_many(len(scores), 'scenario')}, {_many(expected, 'expectation')}: {found} detected, {late} late, "
        f"{missed} missed, {unhandled} not handled as told; {_many(false, 'false alarm')}"
    )


def asked_for(scores: Sequence[Score], rules: Collection[str]) -> str:
    """Return in one sentence of how many of these rules some scenario expects an alert."""
    expected = {one.expected.rule for score in scores for one in score.outcomes}
    return f"{len(expected.intersection(rules))} of {len(rules)} shipped rules are expected in a scenario"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def markdown(scores: Sequence[Score], language: Language) -> str:
    """Return the table of the documents: a row for each scenario."""
    rows = [_row(one, language) for one in scores]
    return "\n".join([_HEAD[language], _RULE, *rows]) + "\n"


def _row(score: Score, language: Language) -> str:
    scenario, outcomes = score.scenario, score.outcomes
    truth = scenario.truth.of(language) if scenario.truth else ""
    expected = "<br>".join(f"`{one.expected.rule}`" for one in outcomes)
    cells = (
        f"{scenario.title.of(language)}<br>`{scenario.name}`",
        truth,
        expected or _NOTHING.of(language),
        "<br>".join(_found(one, language) for one in outcomes) or "–",
        "<br>".join(span(one.expected.within) for one in outcomes) or "–",
        str(len(score.false_alarms)),
        _handling(score, language) or "–",
    )
    return f"| {' | '.join(cells)} |"


def _found(one: Outcome, language: Language) -> str:
    if one.result is Result.DETECTED:
        return span(one.delay)
    word = _RESULTS[one.result].of(language)
    return f"**{word}** {span(one.delay)}" if one.delay is not None else f"**{word}**"


def _handling(score: Score, language: Language) -> str:
    """Return what it would have taken of people, and what they did where the story tells it."""
    counts = {need: score.needs(need) for need in Need}
    needed = ", ".join(f"{NEEDS[need].of(language)} {n}" for need, n in counts.items() if n)
    told = [_told(one, language) for one in score.outcomes if one.expected.handled]
    return "<br>".join([needed, *told] if needed else told)


def _told(one: Outcome, language: Language) -> str:
    acts = (f"{_act(act, language)} {span(act.after)}" for act in one.expected.handled)
    return f"`{one.expected.rule}`: {' → '.join(acts)}"


def _act(act: Act, language: Language) -> str:
    word = DOINGS[act.doing].of(language)
    return word if act.found is None else f"{word} {FINDINGS[act.found].of(language)}"
