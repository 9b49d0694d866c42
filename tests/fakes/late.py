"""The desk's port to what late data changed, made by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gengfu.core.clock import Micros
from rules.late.hindsight import Finding


@dataclass
class FakeLate:
    """Findings that a test puts here."""

    findings: list[Finding] = field(default_factory=list)

    def of_equipment(self, equipment: str, *, limit: int = 50) -> Sequence[Finding]:
        """Return an equipment's."""
        return [one for one in self.findings if one.subject.equipment == equipment][:limit]

    def of_sites(
        self, sites: Sequence[str] | None, start: Micros, end: Micros, *, limit: int = 500
    ) -> Sequence[Finding]:
        """Return those of some sites in a period."""
        ours = (one for one in self.findings if sites is None or one.site in sites)
        return [one for one in ours if start <= one.since < end][:limit]
