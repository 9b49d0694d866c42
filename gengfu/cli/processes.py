"""``gengfu up`` and the processes it supervises; compose starts ``core`` and ``desk`` by themselves."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from gengfu.cli.options import BrokerOption, ConfigOption, DataOption, settings_from
from gengfu.cli.output import say
from gengfu.config import Settings
from gengfu.core.clock import SystemClock, to_iso
from gengfu.installation import Installation, check_ports
from gengfu.process import configure_logging, run_process
from gengfu.supervisor import CannotStart, ProcessSpec, Supervisor


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(up)
    for command in (core, desk, watchdog, broker, estate):
        app.command(rich_help_panel="Single processes")(command)


def up(
    data: DataOption = None,
    config: ConfigOption = None,
    demo: Annotated[bool, typer.Option("--demo", help="With the simulated demo estate.")] = False,
    port: Annotated[int | None, typer.Option(help="Port of the pages and the API.")] = None,
    broker: BrokerOption = None,
    store: Annotated[str | None, typer.Option(help="duckdb or influxdb://host:8086/db.")] = None,
    clock_start: Annotated[
        str | None, typer.Option(help="Start the clock at this time (ISO 8601 with zone).")
    ] = None,
    clock_rate: Annotated[float | None, typer.Option(help="Let the clock run so fast.")] = None,
) -> None:
    """Run everything on this machine until Ctrl-C."""
    settings = settings_from(
        config,
        data=None if data is None else data.absolute(),
        demo=True if demo else None,
        web__port=port,
        broker__url=broker,
        store__url=store,
        clock__start=clock_start,
        clock__rate=clock_rate,
    )
    place = Installation(settings.data.absolute())
    place.prepare()
    with place.locked():
        place.require_room()
        check_ports(settings)
        settings = _start_clock(settings, place, config)
        configure_logging()
        sys.exit(asyncio.run(_supervise(settings, place)))


def _start_clock(settings: Settings, place: Installation, config: Path | None) -> Settings:
    """Prepare the installation and fix the clock's anchor for all processes."""
    from gengfu.app.setup import demo_clock, prepare

    prepare(settings, place)
    start, rate = settings.clock.start, settings.clock.rate
    if start is None and settings.demo:
        start, rate = demo_clock(place)
    settings = settings_from(
        config,
        data=place.data,
        clock__start=start,
        clock__rate=rate,
        clock__anchor=None if start is None else SystemClock().now(),
    )
    place.note_clock(settings.clock)
    return settings


async def _supervise(settings: Settings, place: Installation) -> int:
    supervisor = Supervisor(_specs(settings))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, supervisor.stop)
    try:
        await supervisor.run(lambda: _welcome(settings, place))
    except CannotStart as exc:
        say(f"gengfu: the {exc} process cannot start; nothing is left running.")
        return 1
    say("已停止，没有遗留进程 · Stopped; nothing is left running.")
    return 0


def _specs(settings: Settings) -> list[ProcessSpec]:
    """Return the processes in the order of their start."""
    names = ["core", "desk", "watchdog"]
    if settings.demo:
        names.insert(0, "estate")  # speaks before core listens, so that nobody is missed
    if settings.broker.embedded:
        names.insert(0, "broker")
    return [ProcessSpec(name=name, module="gengfu", arguments=[name]) for name in names]


def _welcome(settings: Settings, place: Installation) -> None:
    """Say where the pages are, and as whom to look at them."""
    from gengfu.app.setup import demo_accounts, setup_token

    url = settings.web.public_url or f"http://{settings.web.host}:{settings.web.port}"
    say(f"\n更夫已就绪 · Gengfu is up:  {url}\n")
    for account in demo_accounts(place) if settings.demo else ():
        say(f"  {account.role:<10}{account.login:<12}{account.password}")
    token = setup_token(place)
    if token is not None:
        say(f"  首次设置 · first set-up:  {url}/setup?token={token}")
    if settings.clock.start is not None:
        say(f"\n  时钟 · clock:  {to_iso(settings.clock.clock().now())} × {settings.clock.rate:g}")
    say("\n  Ctrl-C 停止 · stops everything\n")


def core(config: ConfigOption = None) -> None:
    """Gateway, journal, rules, alerts."""
    from gengfu.app.core import run_core

    settings = settings_from(config)
    sys.exit(run_process("core", lambda ready: run_core(settings, ready)))


def desk(config: ConfigOption = None) -> None:
    """Store writer, projections, pages and API."""
    from gengfu.app.desk import run_desk

    settings = settings_from(config)
    sys.exit(run_process("desk", lambda ready: run_desk(settings, ready)))


def watchdog(config: ConfigOption = None) -> None:
    """Sounds by itself when core hangs or died, or its alarm path is not proved."""
    from gengfu.app.watchdog import run_watchdog

    settings = settings_from(config)
    sys.exit(run_process("watchdog", lambda ready: run_watchdog(settings, ready)))


def broker(config: ConfigOption = None) -> None:
    """The embedded broker, on the loopback interface."""
    from gengfu.app.broker import run_broker

    settings = settings_from(config)
    sys.exit(run_process("broker", lambda ready: run_broker(settings, ready)))


def estate(config: ConfigOption = None) -> None:
    """The simulated demo estate, publishing over MQTT."""
    from gengfu.app.estate import run_demo_estate

    settings = settings_from(config)
    sys.exit(run_process("estate", lambda ready: run_demo_estate(settings, ready)))
