"""What people do with rules before they are in force: check them, and run their tests."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gengfu.app.editions import files_in_force
from gengfu.app.given_files import classes_of, mapping_of
from gengfu.config import Settings
from gengfu.core.errors import BadInput, Fault
from gengfu.marked import read_text
from rules.language.reader import read_rules
from rules.language.rule import Rule
from rules.language.schema import schema
from rules.linkage.standing import STANDING
from rules.trial.reading import read_book
from rules.trial.running import Outcome, run_book


def checked_rules(settings: Settings, files: Sequence[Path]) -> tuple[Rule, ...]:
    """Read rule files; or return those in force, with those of linkage, when none are named.

    Raises:
        BadInput: all mistakes at once, with file and line.
    """
    texts = {file.name: read_text(file) for file in files}
    classes = classes_of(settings)
    if texts:
        return read_rules(texts, classes)
    standing = (one.rule for one in STANDING.values())
    return (*read_rules(files_in_force(settings, classes), classes), *standing)


def schema_of(settings: Settings) -> str:
    """Return the JSON schema of rule files for these settings' classes."""
    return json.dumps(schema(classes_of(settings)), ensure_ascii=False, indent=2)


def check_folders(settings: Settings) -> None:
    """Read what the settings name: classes, rules, foreign devices.

    Raises:
        BadInput: all mistakes of all files at once.
    """
    faults: list[Fault] = []
    for read in (lambda: classes_of(settings), lambda: mapping_of(settings)):
        try:
            read()
        except BadInput as exc:
            faults += exc.faults
    if not faults:  # rules speak of classes: with those broken they would only repeat it
        checked_rules(settings, ())
        return
    raise BadInput(faults)


def tested_rules(settings: Settings, files: Sequence[Path]) -> Iterator[Outcome]:
    """Run files of rule tests, each on the rule files that it names or else on those in force.

    Raises:
        BadInput: a test file or a rule file has mistakes.
    """
    classes = classes_of(settings)
    for file in files:
        book = read_book(file.name, read_text(file), classes)
        beside = {name: read_text(file.parent / name) for name in book.rules}
        yield from run_book(book, _by_name(beside) or files_in_force(settings, classes), classes)


def _by_name(files: Mapping[str, str]) -> Mapping[str, str]:
    return {Path(name).name: text for name, text in files.items()}
