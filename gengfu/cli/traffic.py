"""``gengfu simulate`` and ``gengfu replay``: traffic over real MQTT."""

import asyncio
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from gengfu.cli.options import BrokerOption, ConfigOption, DataOption, settings_from
from gengfu.cli.output import say
from gengfu.core.clock import to_iso
from gengfu.core.errors import BadInput, Fault


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(simulate)
    app.command()(replay)


def simulate(
    scenario: Annotated[str, typer.Argument(help="A scenario's name, or a YAML file.")],
    seed: Annotated[int, typer.Option(help="The same seed, the same messages.")] = 1,
    speed: Annotated[
        float, typer.Option(min=0.01, help="Times as fast; times then lie ahead.")
    ] = 1,
    broker: BrokerOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Play a scenario with the ledger's equipment, once, and say what was sent."""
    from gengfu.app.estate import play_scenario

    settings = settings_from(config, data=data, broker__url=broker)
    sent = asyncio.run(play_scenario(settings, scenario, seed=seed, speed=speed))
    say(
        f"{sent.packets} messages sent, {sent.dropped} dropped, "
        f"{sent.unacknowledged} events without acknowledgement"
    )
    raise typer.Exit(1 if sent.unacknowledged or sent.dropped else 0)


def replay(
    file: Annotated[Path, typer.Argument(help="A CSV file with a time column.", exists=True)],
    site: Annotated[str, typer.Option(help="The site to speak for.")],
    equipment: Annotated[str, typer.Option(help="The equipment to speak for.")],
    mapping: Annotated[list[str], typer.Option("--map", help="column=point; repeat for each.")],
    speed: Annotated[float, typer.Option(min=0.001, help="Times as fast as recorded.")] = 1,
    keep_times: Annotated[
        bool, typer.Option("--keep-times", help="The recording's own times; else shifted to now.")
    ] = False,
    zone: Annotated[str, typer.Option(help="Zone of times that name none.")] = "UTC",
    broker: BrokerOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Publish a recording over MQTT as the device would have, and say what was sent.

    With ``--keep-times`` rows keep their own times. They go out as the clock of the system in
    ``--data`` reaches them when that was started with ``--clock-start``; else from now on, ``--speed``
    times as fast as recorded.
    """
    from gengfu.app.estate import play_recording

    settings = settings_from(config, data=data, broker__url=broker)
    sent = asyncio.run(
        play_recording(
            settings,
            file,
            site=site,
            equipment=equipment,
            points=_points(mapping),
            speed=speed,
            keep_times=keep_times,
            zone=ZoneInfo(zone),
        )
    )
    say(
        f"{sent.rows} rows, {sent.values} values in {sent.messages} messages, "
        f"{to_iso(sent.first)} to {to_iso(sent.last)}"
    )


def _points(mapping: list[str]) -> dict[str, str]:
    pairs = [pair.rpartition("=") for pair in mapping]
    faults = [
        Fault("--map", pair, "is not column=point")
        for pair, (column, _, point) in zip(mapping, pairs, strict=True)
        if not (column and point)
    ]
    if faults:
        raise BadInput(faults)
    return {column: point for column, _, point in pairs}
