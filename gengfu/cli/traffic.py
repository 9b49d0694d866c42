"""``gengfu simulate`` and ``gengfu replay``: traffic over real MQTT."""

import asyncio
from pathlib import Path
from typing import Annotated, NoReturn, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from gengfu.cli import load
from gengfu.cli.options import BrokerOption, ConfigOption, DataOption, settings_from
from gengfu.cli.output import counted, say, table
from gengfu.config import Settings
from gengfu.core.clock import SECOND, to_iso
from gengfu.core.errors import BadInput, Fault
from gengfu.core.said import said


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(simulate)
    app.command()(replay)
    load.register(app)


ScoreOption: TypeAlias = Annotated[
    bool, typer.Option("--score", help="Say what was noticed, in time, and what was not.")
]
RulesOnlyOption: TypeAlias = Annotated[
    bool, typer.Option("--rules-only", help="With --score: without broker, clock and alerts.")
]
MarkdownOption: TypeAlias = Annotated[
    str | None, typer.Option("--markdown", help="With --score: a table in zh or en.")
]
SpeedOption: TypeAlias = Annotated[
    float | None,
    typer.Option(min=0.01, help="Times as fast (1; 30 with --score); times then lie ahead."),
]


MapOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--map", help="Of a CSV: column=point; repeat for each.")
]
KeepTimesOption: TypeAlias = Annotated[
    bool, typer.Option("--keep-times", help="The recording's own times; else shifted to now.")
]


def simulate(
    scenario: Annotated[str | None, typer.Argument(help="A name, or a YAML file.")] = None,
    score: ScoreOption = False,
    rules_only: RulesOnlyOption = False,
    table_for: MarkdownOption = None,
    seed: Annotated[int, typer.Option(help="The same seed, the same messages.")] = 1,
    speed: SpeedOption = None,
    broker: BrokerOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Play a scenario with the ledger's equipment, once, and say what was sent.

    With ``--score`` the shipped scenarios, or the one that is named, are played through a system of
    their own, started for that in a temporary folder and stopped again; what its API tells is held
    against the truth that they are written with. Exit 1 when something was missed, late or false.
    """
    settings = settings_from(config, data=data, broker__url=broker)
    if score:
        _score(settings, scenario, rules_only, table_for, seed, speed)
    if scenario is None:
        raise typer.BadParameter("name one, or give --score", param_hint="SCENARIO")
    from gengfu.app.estate import play_scenario

    sent = asyncio.run(play_scenario(settings, scenario, seed=seed, speed=speed or 1))
    say(
        f"{counted(sent.packets, 'message')} sent, {sent.dropped} dropped, "
        f"{counted(sent.unacknowledged, 'event')} without acknowledgement"
    )
    raise typer.Exit(1 if sent.unacknowledged or sent.dropped else 0)


def _score(
    settings: Settings,
    name: str | None,
    rules_only: bool,
    language: str | None,
    seed: int,
    speed: float | None,
) -> NoReturn:
    """Score scenarios and end with 0 when all is as it should be."""
    from gengfu.app.scoring import score_on_rules, score_on_systems, scored_scenarios
    from simulators.scenario.scorecard import lines, markdown, total

    scenarios = scored_scenarios(settings, name)
    if rules_only:
        scores = score_on_rules(settings, scenarios, seed=seed)
    else:
        scores = asyncio.run(score_on_systems(settings, scenarios, rate=speed or 30, seed=seed))
    if language is not None:
        say(markdown(scores, "zh" if language == "zh" else "en"))
    else:
        table([row for one in scores for row in lines(one)])
    say(total(scores))
    raise typer.Exit(0 if all(one.passed for one in scores) else 1)


def replay(
    file: Annotated[
        Path,
        typer.Argument(help="A CSV file with a time column, or one of gengfu record.", exists=True),
    ],
    site: Annotated[str | None, typer.Option(help="Of a CSV: the site to speak for.")] = None,
    equipment: Annotated[str | None, typer.Option(help="Of a CSV: whom to speak for.")] = None,
    mapping: MapOption = None,
    speed: Annotated[float, typer.Option(min=0.001, help="Times as fast as recorded.")] = 1,
    keep_times: KeepTimesOption = False,
    zone: Annotated[str, typer.Option(help="Zone of times that name none.")] = "UTC",
    broker: BrokerOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Publish a recording over MQTT as the device would have, and say what was sent.

    With ``--keep-times`` rows keep their own times. They go out as the clock of the system in
    ``--data`` reaches them when that was started with ``--clock-start``; else from now on, ``--speed``
    times as fast as recorded. Recorded traffic goes out as the bytes it was.
    """
    from simulators.broker.capture import is_capture

    settings = settings_from(config, data=data, broker__url=broker)
    if is_capture(file):
        _replay_traffic(settings, file, speed, keep_times)
        return
    if site is None or equipment is None or not mapping:
        mend = said("or give a file of gengfu record")
        raise BadInput.of(str(file), "", said("a CSV needs --site, --equipment and --map"), mend)
    points = _points(mapping)
    _replay_csv(settings, file, site, equipment, points, speed, keep_times, _zone(zone))


def _replay_csv(
    settings: Settings,
    file: Path,
    site: str,
    equipment: str,
    points: dict[str, str],
    speed: float,
    keep_times: bool,
    zone: ZoneInfo,
) -> None:
    from gengfu.app.estate import play_recording

    sent = asyncio.run(
        play_recording(
            settings,
            file,
            site=site,
            equipment=equipment,
            points=points,
            speed=speed,
            keep_times=keep_times,
            zone=zone,
        )
    )
    say(
        f"{counted(sent.rows, 'row')}, {counted(sent.values, 'value')} "
        f"in {counted(sent.messages, 'message')}, "
        f"{to_iso(sent.first)} to {to_iso(sent.last)}"
    )
    if sent.repeated:
        bear = "row bears" if sent.repeated == 1 else "rows bear"
        say(f"{sent.repeated} {bear} the time of the row before: the later one counts")


def _replay_traffic(settings: Settings, file: Path, speed: float, keep_times: bool) -> None:
    from gengfu.app.traffic import play_capture

    sent = asyncio.run(play_capture(settings, file, speed=speed, keep_times=keep_times))
    said = f"{counted(sent.messages, 'message')}, {counted(sent.payload_bytes, 'byte')}"
    say(f"{said} of {sent.span / SECOND:.1f} s")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError) as exc:
        mend = said("write {}", "Asia/Shanghai")
        raise BadInput.of("--zone", "", said("{!r} is no time zone", name), mend) from exc


def _points(mapping: list[str]) -> dict[str, str]:
    pairs = [pair.rpartition("=") for pair in mapping]
    faults = [
        Fault("--map", pair, said("is not column=point"), said("write {}", "Current=current"))
        for pair, (column, _, point) in zip(mapping, pairs, strict=True)
        if not (column and point)
    ]
    if faults:
        raise BadInput(faults)
    return {column: point for column, _, point in pairs}
