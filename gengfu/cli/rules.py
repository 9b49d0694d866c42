"""``gengfu rules``: look at rule files before they are in force."""

from pathlib import Path
from typing import Annotated

import typer

from gengfu.cli.backtest import backtest, read_time
from gengfu.cli.options import ConfigOption, DataOption, settings_from
from gengfu.cli.output import say, table

_group = typer.Typer(help="Rules.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    _group.command("backtest")(backtest)
    app.add_typer(_group, name="rules")


@_group.command("check")
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Rule files; none = those in force.", exists=True)
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Check rule files, all mistakes at once with file and line, and list what they say."""
    from gengfu.app.rules import checked_rules

    rules = checked_rules(settings_from(config), files or [])
    table(
        [
            {
                "rule": rule.id,
                "severity": rule.severity,
                "response": rule.response,
                "latched": "latched" if rule.latched else "",
                "title": rule.title.zh,
            }
            for rule in rules
        ]
    )
    say(f"{len(rules)} {'rule' if len(rules) == 1 else 'rules'}, no mistakes")


@_group.command("schema")
def print_schema(config: ConfigOption = None) -> None:
    """Print the JSON schema of rule files: editors complete and check by it while one types."""
    from gengfu.app.rules import schema_of

    typer.echo(schema_of(settings_from(config)))


@_group.command("test")
def run_tests(
    files: Annotated[list[Path], typer.Argument(help="Files of rule tests.", exists=True)],
    config: ConfigOption = None,
) -> None:
    """Run tests of rules: what equipment says goes in, the alerts that open are compared."""
    from gengfu.app.rules import tested_rules

    passed = failed = 0
    for outcome in tested_rules(settings_from(config), files):
        passed, failed = passed + outcome.passed, failed + (not outcome.passed)
        if not outcome.passed:
            say(f"FAILED {outcome.case.where}: {outcome.case.name}")
            for line in outcome.differences:
                say(f"  {line}")
    say(f"{passed} passed, {failed} failed")
    if failed:
        raise typer.Exit(1)


@_group.command("late")
def late(
    since: Annotated[
        str, typer.Option("--from", help="ISO 8601 with zone, or so long ago: 7d, 12h.")
    ] = "7d",
    until: Annotated[
        str | None, typer.Option("--to", help="The same; without it: until now.")
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Say what late data changed: alarms that would have been, had it come in time."""
    from gengfu.app.late_data import encode, late_data, shown

    settings = settings_from(config, data=data)
    now = settings.clock.clock().now()
    end = read_time(until, "--to", now) if until else now
    found = late_data(settings, read_time(since, "--from", now), end)
    if as_json:
        typer.echo(encode(found).decode())
        return
    rows = sum(one.rows for one in found.times)
    say(f"{rows} late readings and events; {len(found.findings)} alarms would have been different")
    table(shown(found.findings))
