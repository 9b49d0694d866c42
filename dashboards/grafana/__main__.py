"""``python -m dashboards.grafana build|check``: write the generated dashboards, or compare them."""

import sys

import typer

from dashboards.grafana.files import stale, write_all

app = typer.Typer(add_completion=False, help="Grafana dashboards as code.")


@app.command()
def build() -> None:
    """Write the JSON of every dashboard."""
    for file in write_all():
        typer.echo(f"wrote {file}")


@app.command()
def check() -> None:
    """Fail when a generated file is not what the builders make."""
    files = stale()
    for file in files:
        typer.echo(f"{file} is out of date: run python -m dashboards.grafana build", err=True)
    sys.exit(1 if files else 0)


if __name__ == "__main__":
    app()
