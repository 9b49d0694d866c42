"""``gengfu config check``."""

import typer

from gengfu.cli.options import ConfigOption, settings_from
from gengfu.cli.output import say

_group = typer.Typer(help="Settings.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_group, name="config")


@_group.command("check")
def check(config: ConfigOption = None) -> None:
    """Read the settings and the classes, rules and mappings they name, report every mistake at once.

    Prints what is in force, secrets as ***.
    """
    from gengfu.app.rules import check_folders

    settings = settings_from(config)
    check_folders(settings)
    for name, value in settings:
        say(f"{name}: {value}")
