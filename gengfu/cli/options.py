"""Options that several commands share, and how they become settings."""

import os
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gengfu.config import ENVIRONMENT_PREFIX, Settings, read_settings

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


def settings_from(config: Path | None, **overrides: object) -> Settings:
    """Read the settings with the command line's overrides (dots as ``__``), the strongest of all.

    The overrides go into this process's environment, so that child processes see them too.

    Raises:
        BadInput: all mistakes at once.
    """
    if config is not None:
        os.environ["GENGFU_CONFIG"] = str(config)
    for key, value in overrides.items():
        if value is not None:
            os.environ[ENVIRONMENT_PREFIX + key.upper()] = str(value)
    return read_settings(config)
