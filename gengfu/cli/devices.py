"""``gengfu devices``: accounts of devices on the broker, and what speaks there unmapped."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gengfu.cli.options import BrokerOption, ConfigOption, DataOption, settings_from
from gengfu.cli.output import emit, say, table
from gengfu.config import Settings

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


Equipment = Annotated[str, typer.Argument(help="The equipment's id, or a bridge's name.")]


@_group.command("add")
def add(
    equipment: Equipment,
    topic: Annotated[
        list[str] | None,
        typer.Option(help="A foreign bridge's own topics, such as 'zigbee2mqtt/#'; repeat."),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(help="A certificate instead of a password; written into this folder."),
    ] = None,
    folder: Folder = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Add a device's account, for itself and those it speaks for, or give it a new password.

    The password is shown once; one before it no longer works.
    """
    from gengfu.app.devices import add_device, certify_device

    settings = settings_from(config, data=data)
    if certificate is not None:
        for file in certify_device(settings, equipment, folder, certificate, topic or ()):
            say(f"written: {file}")
    else:
        password = add_device(settings, equipment, folder, topic or ())
        say(f"user: {equipment}")
        say(f"password: {password}")
    _tell(settings)


@_group.command("revoke")
def revoke(
    equipment: Equipment,
    folder: Folder = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Take a device's account away: its password and all its certificates."""
    from gengfu.app.devices import revoke_device

    settings = settings_from(config, data=data)
    count = revoke_device(settings, equipment, folder)
    say(f"revoked: {equipment}, {count} certificates")
    _tell(settings)


@_group.command("check")
def check(
    equipment: Equipment,
    certificate: Annotated[
        Path | None, typer.Option(help="Its certificate; its key lies beside it, as .key.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a script.")] = False,
    broker: BrokerOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Sign in as the device and see that it can say what it must, and nothing else.

    Its password is asked for, or read from standard input. Nothing it sends is a reading or an event.
    """
    from gateway.endpoint import Endpoint
    from gengfu.app.devices import check_device

    settings = settings_from(config, data=data, broker__url=broker)
    device = Endpoint(
        host="",
        password=None if certificate else _asked(equipment),
        certificate_file=certificate,
        key_file=certificate.with_suffix(".key") if certificate else None,
    )
    findings = asyncio.run(check_device(settings, equipment, device))
    if as_json:
        emit(
            [
                {"claim": one.claim, "topic": one.topic, "holds": one.holds, "mend": one.mend}
                for one in findings
            ]
        )
    for one in () if as_json else findings:
        say(f"{'ok    ' if one.holds else 'FAILED'} {one.claim} {one.topic}".rstrip())
        if one.mend:
            say(f"       {one.mend}")
    if not all(one.holds for one in findings):
        raise typer.Exit(1)


@_group.command("acl")
def acl(folder: Folder = None, data: DataOption = None, config: ConfigOption = None) -> None:
    """Print what each account may do, in Mosquitto's format, after bringing it up to date."""
    from gengfu.app.devices import access_lines

    settings = settings_from(config, data=data)
    say(access_lines(settings, folder))
    _tell(settings)


@_group.command("unmapped")
def unmapped(
    as_json: Annotated[bool, typer.Option("--json", help="For a script.")] = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """List points and event types that equipment says and its class does not have."""
    from gengfu.app.devices import unmapped_names

    settings = settings_from(config, data=data)
    found = unmapped_names(settings)
    if as_json:
        emit(found)
    elif not found:
        say("nothing: every name that was told is known")
    else:
        table(found)


def _tell(settings: Settings) -> None:
    from gengfu.app.devices import tell_broker

    if left := tell_broker(settings):
        Console(stderr=True, highlight=False, soft_wrap=True).print(left, markup=False)


def _asked(equipment: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(f"password of {equipment}", hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\n")


@_group.command("discover")
def discover(
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="How long to listen.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="For a script.")] = False,
    broker: BrokerOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """List what speaks on the broker and is not mapped yet, as lines for the mapping file.

    It listens where the known formats usually speak, and wherever Home Assistant's discovery
    messages lead.
    """
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
    screen.print(f"listened to: {', '.join(heard.usual)}, and what was announced", markup=False)
    for one in heard.not_topics:
        screen.print(f"not listened to: {one}", markup=False)
    for topic in heard.refused:
        missing = f"the broker refuses: the account lacks the ACL 'topic read {topic}'"
        screen.print(missing, markup=False)
