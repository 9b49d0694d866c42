"""``gengfu ledger``: the estate as CSV files, its linkage test sheets, what classes there are."""

from pathlib import Path
from typing import Annotated

import typer

from gengfu.cli.classes import classes
from gengfu.cli.options import ConfigOption, DataOption, settings_from
from gengfu.cli.output import counted, say

_group = typer.Typer(help="The ledger: places, equipment, parts.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="A folder with sites, places, equipment, parts .csv.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    _group.command("classes")(classes)
    app.add_typer(_group, name="ledger")


@_group.command("import")
def import_(
    folder: Folder,
    data: DataOption = None,
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only.")] = False,
) -> None:
    """Import an estate; every mistake is reported at once, and then nothing is imported."""
    from gengfu.app.ledgers import import_ledger

    sites = import_ledger(settings_from(config, data=data), folder, dry_run=dry_run)
    for site in sites:
        parts = sum(len(one.parts) for one in site.equipment.values())
        say(
            f"{site.site.id}: {counted(len(site.places), 'place')}, {len(site.equipment)} equipment, "
            f"{counted(parts, 'part')}" + (" (checked only)" if dry_run else "")
        )


@_group.command("export")
def export(folder: Folder, data: DataOption = None, config: ConfigOption = None) -> None:
    """Write the estate as CSV files; importing them again gives the same ledger."""
    from gengfu.app.ledgers import export_ledger

    export_ledger(settings_from(config, data=data), folder)
    say(f"written: {folder}")


@_group.command("linkage")
def linkage(
    site: Annotated[str, typer.Argument(help="The site's id.")],
    building: Annotated[str, typer.Argument(help="The building's id.")],
    file: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Write a building's linkage test sheet: what should answer a confirmed fire, and how soon."""
    from gengfu.app.ledgers import export_linkage

    count = export_linkage(settings_from(config, data=data), site, building, file)
    say(f"written: {file} ({count} responses)")
