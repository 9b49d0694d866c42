"""What ``gengfu rules backtest`` prints for people.

A file of its own: it knows the rule engine, which no other command has to load.
"""

from collections.abc import Mapping
from datetime import datetime

from gengfu.cli.output import counted, say, table
from rules.backtest.document import Document, QualityBlock
from rules.backtest.replay import Lack

_LACKS = {
    Lack.NOTHING: "Nothing was recorded in that period.",
    Lack.BEGINNING: "The archive does not reach back: nothing{until} is in the result.",
    Lack.LEAD: "The archive has nothing{until}: windows and learned normals were not full at first.",
    Lack.LEDGER: "No ledger was known{until}.",
    Lack.LIVE_RULES: "The rules that ran live were not known{until}.",
    Lack.RECORDS: "Damaged or gone: {records}.",
    Lack.OLD_RULES: "The rules of that time cannot be read by this version.",
    Lack.MEMORY: "{rules} learn for longer than was read: try such a rule alone with --rule",
}


def show(result: Document, reached: Mapping[str, int]) -> None:
    """Print alerts, figures and what is missing; ``reached``: equipment of each rule of a draft."""
    table(
        [
            {
                "opened": _here(one.opened_at),
                "cleared": _here(one.cleared_at) if one.cleared_at else "still on",
                "severity": one.severity,
                "rule": one.rule,
                "subject": one.equipment + (f"/{one.part}" if one.part else ""),
                "": one.compared.replace("_", " "),
                "title": one.title.zh,
            }
            for one in result.alerts
        ]
    )
    _looked_at(result)
    _reach(reached)
    _figures("tried" if result.live_quality else "ran live", result.quality)
    if result.live_quality:
        _figures("ran live", result.live_quality)
    if result.known:
        known = result.known
        say(
            f"known verdicts: false alarms: {len(known.false_avoided)} avoided, "
            f"{len(known.false_kept)} kept; real ones: {len(known.real_kept)} kept, "
            f"{len(known.real_missed)} MISSED"
        )
    for one in result.missing:
        until, rules = f" before {_here(one.until)}" if one.until else "", ", ".join(one.rules)
        said = _LACKS[Lack(one.lack)].format(
            until=until, records=counted(one.records, "record"), rules=rules
        )
        say(f"! {said}")


def _looked_at(result: Document) -> None:
    say(
        f"{_here(result.start)} – {_here(result.end)}: {counted(result.records, 'record')}, "
        f"{counted(result.readings, 'reading')}, {counted(result.events, 'event')} in {result.took_seconds} s"
    )


def _here(time: str) -> str:
    """Write a time by this machine's own clock, with its zone; ``--json`` tells UTC."""
    return datetime.fromisoformat(time).astimezone().isoformat(sep=" ", timespec="seconds")


def _reach(reached: Mapping[str, int]) -> None:
    for rule, count in reached.items():
        none = "" if count else ": the ledger has none of that class with what `where` asks for"
        say(f"{rule} looks at {counted(count, 'piece of equipment')}{none}")


def _figures(head: str, one: QualityBlock) -> None:
    say(
        f"{head}: {counted(one.alarms, 'alarm')}, at most {one.peak} in 10 min, "
        f"{counted(one.flood_bins, 'flood')}, "
        f"{len(one.chattering)} chattering, {one.stale} stale, "
        f"{counted(one.walks, 'walk')} ({one.walks_per_hour:g} an hour, at most {one.most_walks_in_an_hour})"
    )
