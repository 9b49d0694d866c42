"""``gengfu rules``: look at rule files before they are in force."""

from pathlib import Path
from typing import Annotated

import typer

from gengfu.cli.options import ConfigOption, settings_from
from gengfu.cli.output import table

_group = typer.Typer(help="Rules.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_group, name="rules")


@_group.command("check")
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Rule files; none = those in force.", exists=True)
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Check rule files, all mistakes at once with file and line, and list what they say."""
    from gengfu.app.setup import checked_rules

    rules = checked_rules(settings_from(config), files or [])
    table(
        [
            {
                "rule": rule.id,
                "severity": rule.severity,
                "latched": "latched" if rule.latched else "",
                "title": rule.title.zh,
            }
            for rule in rules
        ]
    )
