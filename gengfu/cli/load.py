"""``gengfu record`` and ``gengfu load``: a broker's traffic in a file, and more of it than usual."""

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from typer.models import OptionInfo

from gengfu.cli.options import BrokerOption, ConfigOption, DataOption, settings_from
from gengfu.cli.output import counted, say
from gengfu.core.clock import SECOND
from gengfu.core.errors import BadInput
from gengfu.core.expression import parse_span
from gengfu.core.said import Misread
from simulators.load.shape import Shape

_T = TypeVar("_T")


def _percent(what: str, most: float = 100) -> OptionInfo:
    option: OptionInfo = typer.Option(min=0, max=most, help=f"% {what}.")
    return option


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(record)
    app.command()(load)


def record(
    file: Annotated[Path, typer.Argument(help="Where to; zipped when its name ends in .gz.")],
    topic: Annotated[
        list[str] | None, typer.Option(help="A filter; repeat for more. gf/+/+/up/# when left out.")
    ] = None,
    lasts: Annotated[
        str | None, typer.Option("--for", help="10m, 2h …; until Ctrl-C when left out.")
    ] = None,
    broker: BrokerOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Record a broker's traffic into a file that "gengfu replay" plays back, byte by byte.

    The file holds what was said on the broker, people's card numbers included: keep it accordingly.
    Ctrl-C and SIGTERM end it cleanly; after a power failure all but the last second is there.
    """
    from gengfu.app.traffic import record_traffic

    settings = settings_from(config, data=data, broker__url=broker)
    span = None if lasts is None else _span(lasts)
    recording = record_traffic(settings, file, topics=topic or (), lasts=span)
    taped = asyncio.run(_until_terminated(recording))
    say(
        f"{counted(taped.messages, 'message')}, {counted(taped.payload_bytes, 'byte')} "
        f"in {taped.span / SECOND:.1f} s: {file}"
    )


def load(
    site: Annotated[str, typer.Option(help="The site to speak for.")],
    rate: Annotated[float, typer.Option(min=0.1, help="Messages a second.")] = 100,
    seconds: Annotated[float, typer.Option(min=0.1, help="For so long.")] = 30,
    devices: Annotated[int, typer.Option(min=1, help="So many devices take turns.")] = 100,
    shape: Annotated[Shape, typer.Option(help="How a message is written.")] = Shape.OBJECT,
    qos: Annotated[int, typer.Option(min=0, max=1)] = 1,
    late: Annotated[float, _percent("with an old time")] = 0,
    duplicate: Annotated[float, _percent("sent twice")] = 0,
    disorder: Annotated[float, _percent("that their device's next one overtakes", 50)] = 0,
    connections: Annotated[int, typer.Option(min=1, max=64)] = 2,
    seed: Annotated[int, typer.Option(help="The same seed, the same load.")] = 1,
    broker: BrokerOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Send so many messages a second, whatever comes of it, and say what was really sent.

    Open loop: a slow broker does not slow it down. The devices are the first of the site's ledger, or
    invented ones where there is none. Exit 1 when the rate was missed, or something not confirmed.
    """
    from gengfu.app.traffic import LoadShape, fire_load, load_of
    from simulators.load.generator import report

    settings = settings_from(config, data=data, broker__url=broker)
    wanted = LoadShape(rate, devices, shape, late / 100, duplicate / 100, disorder / 100, seed)
    plan = load_of(settings, site, wanted)
    fired = fire_load(settings, plan, connections=connections, qos=qos, seconds=seconds)
    for line in report(fired):
        say(line)
    raise typer.Exit(0 if fired.is_complete else 1)


async def _until_terminated(work: Coroutine[None, None, _T]) -> _T:
    """Let SIGTERM end something as Ctrl-C does."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def _span(text: str) -> int:
    try:
        return parse_span(text)
    except Misread as exc:
        raise BadInput.of("--for", text, exc.said) from exc
