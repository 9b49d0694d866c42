"""What people already know: of alerts that had a verdict, which would come again, which would not."""

from collections.abc import Sequence
from dataclasses import dataclass

from gengfu.core.clock import Micros
from gengfu.core.naming import Subject
from rules.backtest.difference import overlaps
from rules.episodes import Episode


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAlert:
    """An alert that ran live and that a person said something about."""

    id: str
    rule: str
    subject: Subject
    opened: Micros
    cleared: Micros | None
    is_false: bool
    """误报, misuse, nothing found: a walk for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindsight:
    """Known alerts against what was tried; ids of alerts. What is missed of the real ones matters most."""

    false_avoided: tuple[str, ...]
    false_kept: tuple[str, ...]
    real_kept: tuple[str, ...]
    real_missed: tuple[str, ...]


def hindsight(known: Sequence[KnownAlert], found: Sequence[Episode]) -> Hindsight:
    """Look for each known alert among the episodes of its rule and subject."""
    again = {
        alert.id
        for alert in known
        for one in found
        if one.key == (alert.rule, alert.subject) and overlaps(one, alert.opened, alert.cleared)
    }

    def ids(*, is_false: bool, kept: bool) -> tuple[str, ...]:
        return tuple(
            one.id for one in known if one.is_false is is_false and (one.id in again) is kept
        )

    return Hindsight(
        false_avoided=ids(is_false=True, kept=False),
        false_kept=ids(is_false=True, kept=True),
        real_kept=ids(is_false=False, kept=True),
        real_missed=ids(is_false=False, kept=False),
    )
