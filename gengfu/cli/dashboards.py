"""``gengfu grafana``: dashboards as code."""

from typing import Annotated

import typer

from gengfu.cli.output import say

_group = typer.Typer(help="Grafana dashboards as code.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_group, name="grafana")


@_group.command("build")
def build() -> None:
    """Write the dashboards' JSON anew."""
    from dashboards.grafana.files import write_all

    for file in write_all():
        say(str(file))


@_group.command("check")
def check() -> None:
    """Fail when the checked-in JSON is not what the builders make."""
    from dashboards.grafana.files import stale

    differing = stale()
    for file in differing:
        say(f"{file}: differs from its builder; run: gengfu grafana build")
    raise typer.Exit(1 if differing else 0)


@_group.command("push")
def push(
    url: Annotated[str, typer.Option(help="The Grafana server.")],
    token: Annotated[str, typer.Option(envvar="GRAFANA_TOKEN", help="A service account's token.")],
) -> None:
    """Put the dashboards into a running Grafana."""
    from dashboards.grafana.files import documents
    from dashboards.grafana.push import Target
    from dashboards.grafana.push import push as put
    from gengfu.ledger.classes import load_classes

    for title in put(Target(url=url, token=token), documents(load_classes())):
        say(title)
