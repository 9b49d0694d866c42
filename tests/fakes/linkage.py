"""The desk's port to the evidence of linkage, made by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gengfu.core.clock import Micros
from gengfu.core.naming import Subject
from rules.linkage.run import Run


@dataclass
class FakeLinkage:
    """Runs that a test puts here."""

    runs: list[Run] = field(default_factory=list)

    def get(self, run_id: str) -> Run | None:
        """Return one."""
        return next((run for run in self.runs if run.id == run_id), None)

    def list(
        self, sites: Sequence[str] | None, start: Micros, end: Micros, *, limit: int = 200
    ) -> Sequence[Run]:
        """Return those of some sites in a period."""
        ours = [run for run in self.runs if sites is None or run.site in sites]
        return [run for run in ours if start <= run.began < end][:limit]

    def of_subject(self, subject: Subject, since: Micros, until: Micros | None) -> Run | None:
        """Return the run of a subject, whenever it was."""
        return next((run for run in self.runs if run.subject == subject), None)
