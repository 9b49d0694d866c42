"""``gengfu parked``: records that killed core three times, and having them judged again."""

from dataclasses import asdict
from typing import Annotated

import typer

from gengfu.cli.options import ConfigOption, DataOption, settings_from
from gengfu.cli.output import emit, say, table

_group = typer.Typer(
    help="Records that were set aside because they killed core.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_group, name="parked")


@_group.command("list")
def list_parked(
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a script.")] = False,
) -> None:
    """List what is set aside, and why."""
    from gengfu.app.parked import parked_of

    found = parked_of(settings_from(config, data=data))
    if as_json:
        emit([{"key": one.key, **asdict(one)} for one in found])
    elif not found:
        say("nothing is set aside")
    else:
        table(
            [
                {
                    "key": one.key,
                    "equipment": one.equipment or "-",
                    "what": one.what,
                    "stage": one.stage,
                    "reason": one.reason,
                }
                for one in found
            ]
        )


@_group.command("again")
def again(
    key: Annotated[str, typer.Argument(help="As the list, the alert and the letter call it.")],
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Have one judged once more, after its cause was mended: by a newer version, or a changed rule."""
    from gengfu.app.parked import ask_again

    one = ask_again(settings_from(config, data=data), key)
    say(
        f"{one.key} ({one.what} of {one.equipment or one.kind}) is judged again by the running core"
    )
