"""Puts two lists of episodes side by side: in both, only with the draft, only as it ran live."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from gengfu.core.clock import Micros
from gengfu.core.naming import Subject
from rules.episodes import Episode


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Episodes of the same rule and subject that overlap in time are the same alert."""

    only_new: tuple[Episode, ...]
    only_live: tuple[Episode, ...]
    both: tuple[Episode, ...]
    """As the draft has them."""


def difference(new: Sequence[Episode], live: Sequence[Episode]) -> Difference:
    """Compare what a draft found with what the live version did."""
    of_new, of_live = _by_key(new), _by_key(live)
    return Difference(
        only_new=tuple(one for one in new if not _met(one, of_live)),
        only_live=tuple(one for one in live if not _met(one, of_new)),
        both=tuple(one for one in new if _met(one, of_live)),
    )


def overlaps(one: Episode, since: Micros, until: Micros | None) -> bool:
    """Tell whether an episode was on at any moment of [since, until]; None = without end."""
    begins_before = until is None or min(one.since, one.opened) <= until
    return begins_before and (one.cleared is None or one.cleared >= since)


Key = tuple[str, Subject]


def _by_key(episodes: Sequence[Episode]) -> dict[Key, list[Episode]]:
    found: dict[Key, list[Episode]] = defaultdict(list)
    for one in episodes:
        found[one.key].append(one)
    return found


def _met(one: Episode, others: dict[Key, list[Episode]]) -> bool:
    since = min(one.since, one.opened)
    return any(overlaps(other, since, one.cleared) for other in others.get(one.key, ()))
