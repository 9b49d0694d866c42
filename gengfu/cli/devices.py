"""``gengfu devices``: accounts of devices on the broker."""

from pathlib import Path
from typing import Annotated

import typer

from gengfu.cli.options import ConfigOption, DataOption, settings_from
from gengfu.cli.output import say

_group = typer.Typer(help="Devices' accounts on the broker.", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--folder", help="Where a Mosquitto reads passwords and acl; else the embedded's."
    ),
]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_group, name="devices")


@_group.command("add")
def add(
    equipment: Annotated[str, typer.Argument(help="The equipment's id in the ledger.")],
    folder: Folder = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Add a device's account, for itself and those it speaks for; the password is shown once."""
    from gengfu.app.setup import add_device

    password = add_device(settings_from(config, data=data), equipment, folder)
    say(f"user: {equipment}")
    say(f"password: {password}")


@_group.command("acl")
def acl(folder: Folder = None, data: DataOption = None, config: ConfigOption = None) -> None:
    """Print what each account may do, in Mosquitto's format, after bringing it up to date."""
    from gengfu.app.setup import access_lines

    say(access_lines(settings_from(config, data=data), folder))
