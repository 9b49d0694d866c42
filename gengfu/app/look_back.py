"""What core finds when it starts: how the run before ended, and whether the two records agree."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

import structlog

from gengfu.core.clock import Micros
from gengfu.installation import Installation
from gengfu.ledger.model import EquipmentClass
from gengfu.proof import Proof, ProofFile
from ingest.journal.reader import FolderReader
from ingest.journal.sqlite import SqliteJournal
from ingest.safety.doubled import Compared, DoubledJournal

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What the run before left behind."""

    proof: Proof | None
    """Its last word; None = there was no run before."""
    ended_at: Micros
    """When it wrote its last record; 0 for an empty journal."""
    compared: Compared = field(default_factory=Compared)

    @property
    def was_on_watch(self) -> bool:
        """Tell whether any run before ever had a canary through: the broker kept what came since."""
        return self.proof is not None and (self.proof.ever or self.proof.number > 0)


def life_safety_of(classes: Mapping[str, EquipmentClass]) -> frozenset[str]:
    """Return the classes whose events are recorded twice."""
    return frozenset(name for name, one in classes.items() if one.life_safety)


def look_back(
    doubled: DoubledJournal,
    journal: SqliteJournal,
    proofs: ProofFile,
    place: Installation,
    *,
    judged: int,
    now: Micros,
) -> Before:
    """Look at what is there, and bring the two records of life-safety events together.

    ``judged`` is the position up to which the rules' verdicts have become alerts. What is appended
    again gets the time of the journal's last record: the time goes on from there, in an empty journal
    from ``now``.
    """
    proof, ended_at = proofs.read(), journal.last()[1]
    try:
        with closing(FolderReader(place.journal)) as reader:
            compared = doubled.compare(reader, journal.damages, judged=judged, at=ended_at or now)
    except OSError as exc:
        log.warning("safety_file_not_compared", reason=str(exc))
        compared = Compared()
    if compared != Compared():
        log.warning("safety_file_compared", again=compared.again, added=compared.added)
    return Before(proof=proof, ended_at=ended_at, compared=compared)
