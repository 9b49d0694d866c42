"""``gengfu demo remove``: from the demo to a clean system."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gengfu.cli.options import ConfigOption, DataOption, settings_from
from gengfu.cli.output import say, spoken
from gengfu.core.errors import GengfuError
from gengfu.core.said import said

if TYPE_CHECKING:
    from gengfu.app.demo import Demo

_group = typer.Typer(help="The demo.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_group, name="demo")


@_group.callback()
def _demo() -> None:
    """Keep ``remove`` a word of its own while it is the only one."""


@_group.command("remove")
def remove(
    data: DataOption = None,
    config: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what people added to the demo's own stores.")
    ] = False,
) -> None:
    """Delete a stopped demo: what was said, stores, alerts, ledger, accounts, passwords.

    Your own files in the folder stay. What was added to the demo itself (a site, accounts, devices,
    rules) cannot be parted from it: it is named first, its ledger is saved, and only --all goes on.
    """
    from gengfu.app.demo import demo_in

    with demo_in(settings_from(config, data=data)) as demo:
        _tell(demo)
        _must_be_meant(demo, everything=everything, yes=yes)
        demo.remove()
    say(said("Removed. gengfu up starts a clean system and says where to set it up."))
    if demo.sites:
        say(said("Your own sites come back with: gengfu ledger import {}", demo.saved))


def _tell(demo: "Demo") -> None:
    say(said("The demo in {}, {} MB, goes for good:", demo.place.data, demo.megabytes))
    told = {name: what for name, what in demo.goes.items() if what}
    width = max(map(len, told), default=0)
    for name, what in told.items():
        say(f"  {name:<{width}}  {spoken(what)}")
    say(f"  {', '.join(name for name in demo.goes if name not in told)}")
    if demo.own:
        say(said("With it goes what people added to it, for one journal keeps all in one order:"))
        for line in demo.own:
            say(f"  {spoken(line)}")
    if demo.stays:
        say(said("Not of Gengfu, and stays: {}", ", ".join(demo.stays)))
    if demo.elsewhere:
        say(said("Not in this folder, and stays:"))
        for line in demo.elsewhere:
            say(f"  {spoken(line)}")


def _must_be_meant(demo: "Demo", *, everything: bool, yes: bool) -> None:
    """Ask, where somebody can answer.

    Raises:
        GengfuError: it is not meant, or nobody was asked.
    """
    if demo.own and not everything:
        raise GengfuError(
            said(
                "Nothing was removed: more than the demo is in it. Say --all to lose that too, or keep "
                "this folder and start clean in another: gengfu up --data NEW"
            )
        )
    if yes:
        return
    if not sys.stdin.isatty():
        raise GengfuError(said("Nothing was removed: say --yes"))
    if not typer.confirm(spoken(said("Remove it?"))):
        raise GengfuError(said("Nothing was removed."))
