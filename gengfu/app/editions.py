"""Editions of rules as core and commands see them: the desk's database, read from beside it."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Engine

from gengfu.app.given_files import rule_files
from gengfu.config import Settings
from gengfu.database import read_from
from gengfu.installation import Installation
from gengfu.ledger.model import EquipmentClass
from rules.editions.model import Edition, compose
from rules.editions.store import EditionStore


def kept_editions(file: Path, *, known: int = -1) -> tuple[int, tuple[Edition, ...]]:
    """Return the version of what is in force, and the editions where it is not ``known``.

    Version 0 and nothing while the desk has not made its tables.

    Raises:
        OperationalError: when it cannot be read now.
    """

    def read(engine: Engine) -> tuple[int, tuple[Edition, ...]]:
        store = EditionStore(engine)
        version = store.version()
        return version, store.in_force() if version != known else ()

    return read_from(file, read) or (0, ())


def files_in_force(settings: Settings, classes: Mapping[str, EquipmentClass]) -> Mapping[str, str]:
    """Return the rules in force as files (name → YAML text): packs, own files, people's editions.

    Raises:
        BadInput: when the folder of own files is not there or a file is not UTF-8.
    """
    _, editions = kept_editions(Installation(settings.data).desk)
    files, _ = compose(rule_files(settings), editions, classes)
    return files
