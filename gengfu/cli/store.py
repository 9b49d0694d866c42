"""``gengfu store fill``: a new or emptied readings store from the journal's archive."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from gengfu.cli.options import ConfigOption, DataOption, StoreOption, settings_from
from gengfu.cli.output import counted, emit, say

if TYPE_CHECKING:
    from ingest.store.writer import Lag

_group = typer.Typer(help="The readings store.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_group, name="store")


@_group.command()
def fill(
    data: DataOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    again: Annotated[
        bool, typer.Option("--again", help="From the archive's start: the store was emptied.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Write into the store what it lacks, from the journal's archive; stopped, it goes on next time."""
    from gengfu.app.store_fill import fill_store

    settings = settings_from(config, data=data, store__url=store)
    with _progress() as tell:
        filled = fill_store(settings, again=again, tell=tell)
    if as_json:
        emit(asdict(filled))
        return
    say(
        f"{counted(filled.records, 'record')} gone through: {filled.stored} stored, {filled.expired} expired, "
        f"{filled.quarantined} quarantined"
    )
    if filled.gone_records:
        say(f"! no longer in the archive: {counted(filled.gone_records, 'record')} of before")


@contextmanager
def _progress() -> Iterator[Callable[["Lag"], None]]:
    """Show progress where a person looks on."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _lag: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("filling the store", total=1.0)
        yield lambda lag: bar.update(task, completed=lag.filled)
