"""``gengfu`` or ``python -m gengfu``: all commands in one program.

Exit 0 done, 1 failed, 2 wrong arguments. Commands only read their arguments, call the roof, and print.
"""

import sys

import typer

from gengfu.cli import (
    configuration,
    dashboards,
    demo,
    devices,
    ledger,
    parked,
    past,
    processes,
    rules,
    store,
    traffic,
    users,
)
from gengfu.cli.output import complain
from gengfu.core.errors import GengfuError

app = typer.Typer(
    name="gengfu",
    help="更夫 Gengfu – the night watchman for buildings.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    processes,
    demo,
    configuration,
    ledger,
    rules,
    store,
    devices,
    parked,
    past,
    users,
    traffic,
    dashboards,
):
    module.register(app)


def main() -> None:
    """Run one command; an expected error is one clear text and exit 1, never a traceback."""
    try:
        app(prog_name=app.info.name)
    except GengfuError as exc:
        complain(exc)
        sys.exit(1)
