"""``gengfu rules backtest``: what rules would have done, before they are in force."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress as Bar

from gengfu.cli.options import ConfigOption, DataOption, settings_from
from gengfu.cli.output import say, table
from gengfu.core.clock import Micros, from_iso
from gengfu.core.errors import BadInput, Fault
from gengfu.core.expression import parse_span
from rules.backtest.document import Document, QualityBlock, encode
from rules.backtest.replay import Lack, Progress

_LACKS = {
    Lack.NOTHING: "Nothing was recorded in that period.",
    Lack.BEGINNING: "The archive does not reach back: nothing{until} is in the result.",
    Lack.LEAD: "The archive has nothing{until}: windows and learned normals were not full at first.",
    Lack.LEDGER: "No ledger was known{until}.",
    Lack.LIVE_RULES: "The rules that ran live were not known{until}.",
    Lack.RECORDS: "{records} records are damaged or gone.",
    Lack.OLD_RULES: "The rules of that time cannot be read by this version.",
    Lack.MEMORY: "{rules} learn for longer than was read: try such a rule alone with --rule",
}


def backtest(
    since: Annotated[
        str, typer.Option("--from", help="ISO 8601 with zone, or so long ago: 7d, 12h.")
    ] = "7d",
    until: Annotated[
        str | None, typer.Option("--to", help="The same; without it: until now.")
    ] = None,
    rule: Annotated[
        list[Path] | None,
        typer.Option("--rule", help="Rule file to try beside the live version.", exists=True),
    ] = None,
    site: Annotated[
        list[str] | None, typer.Option("--site", help="Only of this site; may be repeated.")
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Run rules over the journal's archive: every alert there would have been, and its figures.

    Without --rule all that ran live. Works beside a running system and without one.
    """
    from gengfu.app.backtest import backtest as run

    settings = settings_from(config, data=data)
    now = settings.clock.clock().now()
    start, end = read_time(since, "--from", now), read_time(until, "--to", now) if until else now
    if start >= end:
        raise BadInput([Fault("--from", since, "the period is empty")])
    draft = {file.name: file.read_text(encoding="utf-8") for file in rule or []}
    with _progress() as progress:
        wanted = frozenset(site) if site else None
        result = run(settings, start, end, draft or None, sites=wanted, progress=progress)
    if as_json:
        typer.echo(encode(result).decode())
    else:
        _show(result)


def read_time(text: str, option: str, now: Micros) -> Micros:
    """Read a time, or a span before ``now``.

    Raises:
        BadInput: it is neither.
    """
    try:
        if re.fullmatch(r"[\d.]+[a-z]+", text):
            return now - parse_span(text)
        return from_iso(text)
    except ValueError as exc:
        mend = "write 2026-11-01T00:00:00+08:00, or 7d for seven days ago"
        raise BadInput([Fault(option, text, str(exc), mend)]) from exc


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show progress where a person looks on."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _done, _of: None
        return
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task("back-test")
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _show(result: Document) -> None:
    table(
        [
            {
                "opened": one.opened_at,
                "cleared": one.cleared_at or "still on",
                "severity": one.severity,
                "rule": one.rule,
                "subject": one.equipment + (f"/{one.part}" if one.part else ""),
                "": one.compared.replace("_", " "),
                "title": one.title.zh,
            }
            for one in result.alerts
        ]
    )
    say(
        f"{result.start} – {result.end}: {result.records} records, {result.readings} readings, "
        f"{result.events} events in {result.took_seconds} s"
    )
    _figures("tried" if result.live_quality else "ran live", result.quality)
    if result.live_quality:
        _figures("ran live", result.live_quality)
    if result.known:
        known = result.known
        say(
            f"known verdicts: {len(known.false_avoided)} false alarms avoided, "
            f"{len(known.false_kept)} kept; {len(known.real_kept)} real ones kept, "
            f"{len(known.real_missed)} MISSED"
        )
    for one in result.missing:
        until = f" before {one.until}" if one.until else ""
        say(
            "! "
            + _LACKS[Lack(one.lack)].format(
                until=until, records=one.records, rules=", ".join(one.rules)
            )
        )


def _figures(head: str, one: QualityBlock) -> None:
    say(
        f"{head}: {one.alarms} alarms, at most {one.peak} in 10 min, {one.flood_bins} floods, "
        f"{len(one.chattering)} chattering, {one.stale} stale, "
        f"{one.walks} walks ({one.walks_per_hour:g} an hour, at most {one.most_walks_in_an_hour})"
    )
