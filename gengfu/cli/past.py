"""``gengfu past``: a year of the estate's life, made within minutes, for whoever looks at history."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from gengfu.cli.options import ConfigOption, DataOption, StoreOption, settings_from
from gengfu.cli.output import counted, emit, say
from gengfu.core.clock import DAY, Micros, SystemClock, to_iso
from gengfu.core.expression import parse_span

SHORTEST: Micros = DAY
LONGEST: Micros = 3 * 366 * DAY


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(past)


def past(
    span: Annotated[str, typer.Argument(help="How much of it, up to now: 365d, 30d.")] = "365d",
    copies: Annotated[
        int, typer.Option(min=1, max=20, help="Without a ledger: the demo's estate so many times.")
    ] = 1,
    seed: Annotated[int, typer.Option(help="The same seed, the same troubles.")] = 1,
    data: DataOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Make a past for a folder without a history: telemetry, events, alerts, what people did.

    The ledger's equipment, or the demo's where there is none, lives through it, with troubles at the
    rates of a year; what really happened is written to past-truth.csv. Nobody is called. Afterwards
    gengfu up on the same folder goes on from there.
    """
    from gengfu.app.past.living import Wish, make_past

    settings = settings_from(config, data=data, store__url=store)
    wish = Wish(span=_span(span), end=SystemClock().now(), copies=copies, seed=seed)
    with _progress() as tell:
        made = make_past(settings, wish, tell)
    if as_json:
        emit(asdict(made))
        return
    say(
        f"{to_iso(made.start)} to {to_iso(made.end)}: {counted(made.equipment, 'piece of equipment')}, "
        f"{counted(made.values, 'value')}, {counted(made.events, 'event')} "
        f"in {counted(made.records, 'record')}"
    )
    say(f"{counted(made.troubles, 'trouble')} (past-truth.csv), {counted(made.alerts, 'alert')}")


def _span(text: str) -> Micros:
    try:
        found = parse_span(text)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="SPAN") from exc
    if not SHORTEST <= found <= LONGEST:
        raise typer.BadParameter("give one day to three years: 30d, 365d", param_hint="SPAN")
    return found


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    """Show progress where a person looks on."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _share: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("living through the past", total=1.0)
        yield lambda share: bar.update(task, completed=share)
