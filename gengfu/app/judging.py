"""What core and a past that is being made judge with: the same rules, the same runner, the same archive."""

from collections.abc import Mapping

from sqlalchemy import Engine

from gengfu.app.given_files import rule_files
from gengfu.config import Settings
from gengfu.core.clock import DAY, Clock
from gengfu.installation import Installation
from gengfu.ledger.model import EquipmentClass
from ingest.journal.reader import FolderReader
from ingest.journal.retention import Retention
from rules.language.reader import read_rules
from rules.linkage.store import RunStore
from rules.runner import Runner, VerdictSink


def rules_of(settings: Settings, classes: Mapping[str, EquipmentClass]) -> Mapping[str, str]:
    """Return the rule files: name → YAML text.

    Raises:
        BadInput: with all their mistakes.
    """
    rules = rule_files(settings)
    read_rules(rules, classes)
    return rules


def runner_of(
    place: Installation,
    sink: VerdictSink,
    alerts: Engine,
    classes: Mapping[str, EquipmentClass],
    clock: Clock,
) -> Runner:
    """Return who judges an installation's journal; the evidence of linkage stands beside the alerts."""
    evidence = RunStore(alerts)
    evidence.prepare()
    return Runner(FolderReader(place.journal), sink, evidence, place.checkpoint, classes, clock)


def retention_of(settings: Settings) -> Retention:
    """Return how long the archive is kept."""
    kept = settings.journal
    return Retention(age=kept.days * DAY, quota=int(kept.quota_gib * 2**30))
