"""The two things that linkage says: a fire is confirmed, a response is missing."""

from collections.abc import Mapping, Sequence
from typing import Final

from gengfu.core.clock import SECOND, Micros
from gengfu.core.naming import Bilingual, Subject
from gengfu.core.urgency import Kind, Response, Severity
from gengfu.ledger.expectation import expectation_in_words
from gengfu.ledger.model import Cause, PointDef
from rules.judge import Judge
from rules.linkage.run import CONFIRMED, MISSING, Awaited, Owed, Stage
from rules.unit import Unit
from rules.verdict import Turn, Verdict

_SIGNALS_SHOWN: Final = 4

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


def tell_fire(judge: Judge, unit: Unit, address: str, signals: Sequence[str]) -> None:
    """Say that a fire is confirmed; its subject is the address that confirmed it."""
    shown = signals[-_SIGNALS_SHOWN:]
    title = Bilingual(zh=f"确认火警：{'、'.join(shown)}", en=f"Fire confirmed: {', '.join(shown)}")
    _say(judge, CONFIRMED, unit.site, Subject(unit.equipment.id, address), Turn.ON, title)


def tell_fire_over(judge: Judge, site: str, panel: str, address: str) -> None:
    """Say that the panel was reset, or is gone."""
    title = Bilingual(zh="火警已复位", en="Fire signals reset")
    _say(judge, CONFIRMED, site, Subject(panel, address), Turn.OFF, title)


def tell_owed(judge: Judge, before: Owed, after: Owed) -> None:
    """Say for which cause responses are now missing, other ones than before, or none any more.

    One alert for each cause, with the equipment as its children: a guard goes through one list.
    """
    for key in dict.fromkeys((*after, *before)):
        old, new = before.get(key, ()), after.get(key, ())
        if [(one.line, one.stage) for one in old] == [(one.line, one.stage) for one in new]:
            continue
        turn = Turn.CHANGED if old and new else Turn.ON if new else Turn.OFF
        site, subject = key
        _say(
            judge,
            MISSING,
            site,
            subject,
            turn,
            _missing(judge, site, new or old),
            since=min(one.due for one in new) if new else judge.now,
            children=tuple(dict.fromkeys(id_ for one in new for id_ in one.line.equipment)),
        )


def _missing(judge: Judge, site: str, owed: Sequence[Awaited]) -> Bilingual:
    if len(owed) == 1:
        return _one_missing(judge, site, owed[0])
    cause = _CAUSES[owed[0].line.cause]
    silent = sum(one.stage is Stage.UNKNOWN for one in owed)
    counts = ((len(owed) - silent, "项未动作", "missing"), (silent, "项未知", "unknown"))
    zh = "、".join(f"{count} {words}" for count, words, _ in counts if count)
    en = ", ".join(f"{count} {words}" for count, _, words in counts if count)
    return Bilingual(zh=f"{cause.zh}后联动 {zh}", en=f"After {cause.en}, responses: {en}")


def _one_missing(judge: Judge, site: str, one: Awaited) -> Bilingual:
    line, ledger = one.line, judge.state.ledgers[site]
    names: list[Bilingual] = []
    points: dict[str, PointDef] = {}
    for id_ in line.equipment:
        effect = ledger.equipment.get(id_)  # gone, or another class, by a newer ledger
        names.append(effect.name if effect else Bilingual(zh=id_, en=id_))
        if effect:
            points |= judge.state.classes[effect.equipment_class].points
    seconds, cause = line.within // SECOND, _CAUSES[line.cause]
    wanted = expectation_in_words(line.expectation, points)
    silent = one.stage is Stage.UNKNOWN
    zh, en = ("动作未知", "Response unknown") if silent else ("联动未动作", "No response")
    return Bilingual(
        zh=f"{zh}：{cause.zh}后 {seconds} 秒，{'、'.join(name.zh for name in names)}（{wanted.zh}）",
        en=f"{en} {seconds} s after {cause.en}: "
        f"{', '.join(name.en for name in names)} ({wanted.en})",
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
    children: tuple[str, ...] = (),
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
            response=Response.FIRE if fire else Response.RESCUE,
            # The fire itself stays on top of what did not answer it.
            priority=1 if fire else 2,
            latched=fire,
            title=title,
            advice=_FIRE_ADVICE if fire else _MISSING_ADVICE,
            children=children,
        )
    )
