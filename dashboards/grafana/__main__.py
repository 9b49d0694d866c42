"""``python -m dashboards.grafana build|check``: write the generated dashboards, or compare them."""

import sys

import typer

from dashboards.grafana.build import different, write

app = typer.Typer(add_completion=False, help="Grafana dashboards as code.")


@app.command()
def build() -> None:
    """Write the JSON of every dashboard."""
    for path in write():
        typer.echo(f"wrote {path}")


@app.command()
def check() -> None:
    """Fail when a generated file is not what the builders make."""
    names = different()
    for name in names:
        typer.echo(f"{name} is out of date: run python -m dashboards.grafana build", err=True)
    sys.exit(1 if names else 0)


if __name__ == "__main__":
    app()
