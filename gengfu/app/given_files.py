"""The files that settings name or take for granted: equipment classes, rule packs, the foreign mapping."""

from collections.abc import Mapping

from gateway.mapping.file import load_mapping
from gateway.mapping.model import NOTHING, ForeignMapping
from gengfu.config import Settings
from gengfu.core.errors import BadInput, Fault
from gengfu.core.said import said
from gengfu.ledger.classes import load_classes
from gengfu.ledger.model import EquipmentClass
from gengfu.marked import read_text
from rules.packs import shipped


def classes_of(settings: Settings) -> Mapping[str, EquipmentClass]:
    """Return the built-in equipment classes and the installation's own.

    Raises:
        BadInput: all mistakes in class files at once.
    """
    extra = () if settings.classes_dir is None else (settings.classes_dir,)
    return load_classes(None, *extra)


def mapping_of(settings: Settings) -> ForeignMapping:
    """Return which foreign devices are which equipment; nothing when no file says it.

    Raises:
        BadInput: all mistakes in the file at once, with their lines.
    """
    file = settings.mappings
    return NOTHING if file is None else load_mapping(file, settings.broker.root)


def rule_files(settings: Settings) -> Mapping[str, str]:
    """Return the built-in rule packs and the installation's own rule files: name → YAML text.

    Raises:
        BadInput: when the installation's folder is not there or a file is not UTF-8.
    """
    own = settings.rules_dir
    if own is not None and not own.is_dir():
        raise BadInput.of(
            str(own),
            "",
            said("there is no such folder of rules"),
            said("see the setting {}", "rules_dir"),
        )
    packs = shipped()
    files = {file.name: read_text(file) for file in sorted(own.glob("*.yaml"))} if own else {}
    mend = said("give it another name; a shipped rule is changed on the rules page")
    if same := packs.keys() & files.keys():
        raise BadInput(
            [
                Fault(str(own), name, said("a shipped pack has this name"), mend)
                for name in sorted(same)
            ]
        )
    return {**packs, **files}
