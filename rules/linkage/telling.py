"""The two things that linkage says: a fire is confirmed, a response is missing."""

from collections.abc import Sequence
from typing import Final

from gengfu.core.clock import SECOND, Micros
from gengfu.core.naming import Bilingual, Subject
from gengfu.ledger.expectation import expectation_in_words
from gengfu.ledger.model import PointDef
from rules.engine.judge import Judge
from rules.engine.unit import Unit
from rules.engine.verdict import Turn, Verdict
from rules.linkage.run import CONFIRMED, MISSING, Awaited, Owed, Stage
from rules.linkage.standing import STANDING

_SIGNALS_SHOWN: Final = 4


def tell_fire(judge: Judge, unit: Unit, address: str, signals: Sequence[str]) -> None:
    """Say that a fire is confirmed; its subject is the address that confirmed it."""
    title = STANDING[CONFIRMED].title(signals=_listed(signals[-_SIGNALS_SHOWN:]))
    _say(judge, CONFIRMED, unit.site, Subject(unit.equipment.id, address), Turn.ON, title)


def tell_fire_over(judge: Judge, site: str, panel: str, address: str) -> None:
    """Say that the panel was reset, or is gone."""
    title = STANDING[CONFIRMED].title("over")
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
    silent = sum(one.stage is Stage.UNKNOWN for one in owed)
    case = (
        "several_of_both" if 0 < silent < len(owed) else "several_unknown" if silent else "several"
    )
    return STANDING[MISSING].title(
        case,
        cause=STANDING[MISSING].rule.words[owed[0].line.cause],
        missing=_plain(len(owed) - silent),
        unknown=_plain(silent),
    )


def _one_missing(judge: Judge, site: str, one: Awaited) -> Bilingual:
    line, ledger = one.line, judge.state.ledgers[site]
    names: list[Bilingual] = []
    points: dict[str, PointDef] = {}
    for id_ in line.equipment:
        effect = ledger.equipment.get(id_)  # gone, or another class, by a newer ledger
        names.append(effect.name if effect else _plain(id_))
        if effect:
            points |= judge.state.classes[effect.equipment_class].points
    return STANDING[MISSING].title(
        "unknown" if one.stage is Stage.UNKNOWN else "missing",
        cause=STANDING[MISSING].rule.words[line.cause],
        seconds=_plain(line.within // SECOND),
        equipment=Bilingual(
            zh="、".join(name.zh for name in names), en=", ".join(name.en for name in names)
        ),
        expected=expectation_in_words(line.expectation, points),
    )


def _listed(every: Sequence[str]) -> Bilingual:
    return Bilingual(zh="、".join(every), en=", ".join(every))


def _plain(value: object) -> Bilingual:
    return Bilingual(zh=str(value), en=str(value))


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
    its = STANDING[rule].rule
    judge.verdicts.append(
        Verdict(
            rule=rule,
            site=site,
            subject=subject,
            turn=turn,
            position=judge.position,
            at=judge.now,
            since=judge.now if since is None else since,
            kind=its.kind,
            severity=its.severity,
            response=its.response,
            priority=its.priority,
            latched=its.latched,
            title=title,
            advice=its.advice,
            children=children,
        )
    )
