"""Puts verdicts together into episodes: one alert as it would be, from when it opened to its end.

Rule tests compare episodes and back-tests count them; nobody's handling is in them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from gengfu.core.clock import Micros
from gengfu.core.naming import Bilingual, Scalar, Subject
from gengfu.core.urgency import Kind, Severity
from rules.engine.verdict import Turn, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One condition of one rule for one subject, from on to off."""

    rule: str
    site: str
    subject: Subject
    position: int
    """Of the record that opened it: with rule and subject its identity."""
    opened: Micros
    """The journal's time."""
    since: Micros
    """Since when (event time) the condition had held."""
    cleared: Micros | None = None
    """The journal's time; None = still on at the end."""
    occurrences: int = 1
    severity: Severity
    kind: Kind
    latched: bool
    late: bool
    """From late data: it would have paged nobody."""
    title: Bilingual
    values: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, Subject]:
        """What may be on only once at a time."""
        return self.rule, self.subject


class Episodes:
    """Collects episodes from verdicts in their order."""

    def __init__(self) -> None:
        self._ended: list[Episode] = []
        self._open: dict[tuple[str, Subject], Episode] = {}

    def take(self, verdicts: Iterable[Verdict]) -> None:
        """Take what one step said."""
        for verdict in verdicts:
            key = verdict.rule, verdict.subject
            found = self._open.get(key)
            match verdict.turn:
                case Turn.ON if verdict.late:
                    self._ended.append(replace(_opened(verdict), cleared=verdict.at))
                case Turn.ON if found is None:
                    self._open[key] = _opened(verdict)
                case Turn.ON | Turn.OCCURRED if found is not None:
                    self._open[key] = replace(found, occurrences=found.occurrences + 1)
                case Turn.OFF if found is not None:
                    self._ended.append(replace(self._open.pop(key), cleared=verdict.at))
                case Turn.CHANGED if found is not None:
                    self._open[key] = replace(found, title=verdict.title)
                case _:
                    """What was on before we began to look: its beginning is not ours."""

    def all(self) -> tuple[Episode, ...]:
        """Return all episodes by the time they opened; those still on have no end."""
        every = [*self._ended, *self._open.values()]
        return tuple(sorted(every, key=lambda one: (one.position, one.rule, str(one.subject))))


def _opened(verdict: Verdict) -> Episode:
    return Episode(
        rule=verdict.rule,
        site=verdict.site,
        subject=verdict.subject,
        position=verdict.position,
        opened=verdict.at,
        since=verdict.since,
        severity=verdict.severity,
        kind=verdict.kind,
        latched=verdict.latched,
        late=verdict.late,
        title=verdict.title,
        values=verdict.values,
    )
