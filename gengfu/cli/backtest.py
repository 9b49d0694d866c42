"""``gengfu rules backtest``: what rules would have done, before they are in force."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress as Bar

from gengfu.cli.options import ConfigOption, DataOption, settings_from
from gengfu.core.clock import Micros, from_iso
from gengfu.core.errors import BadInput
from gengfu.core.expression import parse_span
from gengfu.core.said import Misread, said


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
    from gengfu.app import backtest as archive
    from gengfu.cli.backtest_result import show
    from gengfu.marked import read_text
    from rules.backtest.document import encode

    settings = settings_from(config, data=data)
    start, end = _period(since, until, settings.clock.clock().now())
    draft = {file.name: read_text(file) for file in rule or []}
    reached = archive.looked_at(settings, draft, site or ())
    wanted = frozenset(site) if site else None
    with _progress() as progress:
        result = archive.backtest(
            settings, start, end, draft or None, sites=wanted, progress=progress
        )
    if as_json:
        typer.echo(encode(result).decode())
    else:
        show(result, reached)


def _period(since: str, until: str | None, now: Micros) -> tuple[Micros, Micros]:
    start, end = read_time(since, "--from", now), read_time(until, "--to", now) if until else now
    if start >= end:
        raise BadInput.of("--from", since, said("the period is empty"))
    return start, end


def read_time(text: str, option: str, now: Micros) -> Micros:
    """Read a time, or a span before ``now``.

    Raises:
        BadInput: it is neither.
    """
    try:
        if re.fullmatch(r"[\d.]+[a-z]+", text):
            return now - parse_span(text)
        return from_iso(text)
    except Misread as exc:
        mend = said("write 2026-11-01T00:00:00+08:00, or 7d for seven days ago")
        raise BadInput.of(option, text, exc.said, mend) from exc


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show progress where a person looks on."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _done, _of: None
        return
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task("back-test")
        yield lambda done, of: bar.update(task, completed=done, total=of)
