"""Which rejected messages somebody may read: a letter is known by its topic alone."""

from collections.abc import Sequence

from dashboards.web.ports import Visitor
from gengfu.core.record import DeadLetter


def seen_letters(letters: Sequence[DeadLetter], who: Visitor) -> list[DeadLetter]:
    """Leave the letters of the sites somebody may see; of no site known, for who sees every one."""
    return [one for one in letters if who.sites is None or _site_of(one.topic) in who.sites]


def _site_of(topic: str) -> str | None:
    """Read ``…/{site}/{equipment}/up/{kind}`` from its end: the root is a setting of core's."""
    levels = topic.split("/")
    return levels[-4] if len(levels) > 4 and levels[-2] == "up" else None
