"""The two things that linkage says: a fire is confirmed, a response is missing."""

from collections.abc import Mapping
from typing import Final

from gengfu.core.clock import SECOND, Micros
from gengfu.core.expression import parse
from gengfu.core.naming import Bilingual, Subject
from gengfu.core.urgency import Kind, Severity
from gengfu.ledger.model import Cause
from rules.judge import Judge
from rules.linkage.run import Awaited, Stage
from rules.unit import Unit
from rules.verdict import Turn, Verdict

CONFIRMED: Final = "fire_panel.confirmed"
MISSING: Final = "linkage.response_missing"

_FIRE_ADVICE: Final = (
    Bilingual(zh="主机转自动", en="Put the panel to automatic"),
    Bilingual(zh="拨打 119", en="Call 119"),
    Bilingual(zh="启动灭火和应急疏散预案", en="Start the fire and evacuation plan"),
    Bilingual(zh="逐项查看联动设备是否动作", en="Check that each linked equipment responds"),
)
_MISSING_ADVICE: Final = (
    Bilingual(zh="在多线盘手动启动", en="Start it by hand from the direct-wired panel"),
    Bilingual(zh="派人到现场机械应急操作", en="Send someone to operate it on the spot"),
)
_CAUSES: Final[Mapping[Cause, Bilingual]] = {
    Cause.CONFIRMED_FIRE: Bilingual(zh="确认火警", en="confirmed fire"),
    Cause.WATER: Bilingual(zh="压力或流量开关动作", en="water switch"),
    Cause.GAS: Bilingual(zh="燃气报警", en="gas alarm"),
}


def tell_fire(judge: Judge, unit: Unit, address: str, place: str) -> None:
    """Say that a fire is confirmed; its subject is the address that confirmed it."""
    name = judge.state.ledgers[unit.site].place_name(place)
    title = Bilingual(zh=f"确认火警：{name.zh}", en=f"Fire confirmed: {name.en}")
    _say(judge, CONFIRMED, unit.site, Subject(unit.equipment.id, address), Turn.ON, title)


def tell_fire_over(judge: Judge, site: str, panel: str, address: str) -> None:
    """Say that the panel was reset, or is gone."""
    title = Bilingual(zh="火警已复位", en="Fire signals reset")
    _say(judge, CONFIRMED, site, Subject(panel, address), Turn.OFF, title)


def tell_owed(
    judge: Judge,
    before: Mapping[tuple[str, str], Awaited],
    after: Mapping[tuple[str, str], Awaited],
) -> None:
    """Say which equipment began to owe a response, and which owes none any more."""
    for (site, id_), one in after.items():
        if (site, id_) not in before:
            title = _missing(judge, site, one)
            _say(judge, MISSING, site, Subject(id_), Turn.ON, title, since=one.due)
    for (site, id_), one in before.items():
        if (site, id_) not in after:
            title = _missing(judge, site, one)
            _say(judge, MISSING, site, Subject(id_), Turn.OFF, title, since=one.at)


def _missing(judge: Judge, site: str, one: Awaited) -> Bilingual:
    line, ledger = one.line, judge.state.ledgers[site]
    names: list[Bilingual] = []
    wanted: dict[str, Bilingual] = {}
    for id_ in line.equipment:
        effect = ledger.equipment.get(id_)  # gone, or another class, by a newer ledger
        names.append(effect.name if effect else Bilingual(zh=id_, en=id_))
        points = judge.state.classes[effect.equipment_class].points if effect else {}
        for name in sorted(parse(line.expectation).points & points.keys()):
            wanted.setdefault(name, points[name].title)
    seconds, cause = line.within // SECOND, _CAUSES[line.cause]
    silent = one.stage is Stage.UNKNOWN
    zh, en = ("动作未知", "Response unknown") if silent else ("联动未动作", "No response")
    zh = f"{zh}：{cause.zh}后 {seconds} 秒，{'、'.join(each.zh for each in names)}"
    en = f"{en} {seconds} s after {cause.en}: {', '.join(each.en for each in names)}"
    if not wanted:
        return Bilingual(zh=zh, en=en)
    said = wanted.values()
    return Bilingual(
        zh=f"{zh}（{'、'.join(each.zh for each in said)}）",
        en=f"{en} ({', '.join(each.en for each in said)})",
    )


def _say(
    judge: Judge,
    rule: str,
    site: str,
    subject: Subject,
    turn: Turn,
    title: Bilingual,
    *,
    since: Micros | None = None,
) -> None:
    fire = rule == CONFIRMED
    judge.verdicts.append(
        Verdict(
            rule=rule,
            site=site,
            subject=subject,
            turn=turn,
            position=judge.position,
            at=judge.now,
            since=judge.now if since is None else since,
            kind=Kind.LIFE_SAFETY,
            severity=Severity.CRITICAL,
            # The fire itself stays on top of what did not answer it.
            priority=1 if fire else 2,
            latched=fire,
            title=title,
            advice=_FIRE_ADVICE if fire else _MISSING_ADVICE,
        )
    )
