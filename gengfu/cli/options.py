"""Options that several commands share, and how they become settings."""

import os
from collections.abc import Container
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gengfu.config import ENVIRONMENT_PREFIX, Settings, read_settings
from gengfu.core.errors import BadInput, Fault

ConfigOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--config", help="Settings file (YAML).", envvar="GENGFU_CONFIG", dir_okay=False),
]
DataOption: TypeAlias = Annotated[
    Path | None, typer.Option("--data", help="The folder this installation owns.")
]
BrokerOption: TypeAlias = Annotated[
    str | None, typer.Option("--broker", help="mqtt://host:port, mqtts://… or embedded.")
]
StoreOption: TypeAlias = Annotated[
    str | None, typer.Option("--store", help="duckdb, or influxdb://host:8086/database.")
]


_OPTIONS = {
    f"{ENVIRONMENT_PREFIX}{key}": option
    for key, option in {
        "DATA": "--data",
        "WEB__PORT": "--port",
        "BROKER__URL": "--broker",
        "STORE__URL": "--store",
        "CLOCK__START": "--clock-start",
        "CLOCK__RATE": "--clock-rate",
    }.items()
}
"""The environment variable that an option fills → the option, for what is said of a mistake."""


def settings_from(config: Path | None, **overrides: object) -> Settings:
    """Read the settings with the command line's overrides (dots as ``__``), the strongest of all.

    The overrides go into this process's environment, so that child processes see them too.

    Raises:
        BadInput: all mistakes at once.
    """
    if config is not None:
        os.environ["GENGFU_CONFIG"] = str(config)
    given = {
        ENVIRONMENT_PREFIX + key.upper(): str(value)
        for key, value in overrides.items()
        if value is not None
    }
    os.environ.update(given)
    try:
        return read_settings(config)
    except BadInput as exc:
        raise BadInput([_as_written(fault, given) for fault in exc.faults]) from exc


def _as_written(fault: Fault, given: Container[str]) -> Fault:
    """Name the option of the command line where a mistake was made in one."""
    if fault.place not in given or fault.place not in _OPTIONS:
        return fault
    return replace(fault, file="command line", place=_OPTIONS[fault.place])
