"""``gengfu devices``: accounts of devices on the broker, and what speaks there unmapped."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gengfu.cli.options import BrokerOption, ConfigOption, DataOption, settings_from
from gengfu.cli.output import emit, say

_group = typer.Typer(help="Devices on the broker.", no_args_is_help=True)

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
    equipment: Annotated[str, typer.Argument(help="The equipment's id, or a bridge's name.")],
    topic: Annotated[
        list[str] | None,
        typer.Option(help="A foreign bridge's own topics, such as 'zigbee2mqtt/#'; repeat."),
    ] = None,
    folder: Folder = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Add a device's account, for itself and those it speaks for, or give it a new password.

    The password is shown once; one before it no longer works.
    """
    from gengfu.app.setup import add_device

    password = add_device(settings_from(config, data=data), equipment, folder, topic or ())
    say(f"user: {equipment}")
    say(f"password: {password}")


@_group.command("acl")
def acl(folder: Folder = None, data: DataOption = None, config: ConfigOption = None) -> None:
    """Print what each account may do, in Mosquitto's format, after bringing it up to date."""
    from gengfu.app.setup import access_lines

    say(access_lines(settings_from(config, data=data), folder))


@_group.command("discover")
def discover(
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="How long to listen.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="For a script.")] = False,
    broker: BrokerOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """List what speaks on the broker and is not mapped yet, as lines for the mapping file."""
    from gengfu.app import discovery

    settings = settings_from(config, data=data, broker__url=broker)
    screen = Console(stderr=True, highlight=False, soft_wrap=True)
    with screen.status("listening …") as status:

        def tell(second: int, devices: int) -> None:
            status.update(f"listening, {second} of {seconds:.0f} s: {devices} devices not mapped")

        heard = asyncio.run(discovery.discover(settings, seconds, tell))
    if as_json:
        emit([discovery.as_plain(found, proposal) for found, proposal in heard.devices])
    else:
        say("devices:" if heard.devices else "# nothing speaks that is not mapped")
        for _, proposal in heard.devices:
            say(proposal.lines)
    for topic in heard.refused:
        missing = f"the broker refuses: the account lacks the ACL 'topic read {topic}'"
        screen.print(missing, markup=False)
