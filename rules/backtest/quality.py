"""How the alarms would feel: floods, chatter, stale ones, walks. Words and limits of ISA-18.2."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gengfu.core.clock import DAY, HOUR, MINUTE, Micros
from gengfu.core.naming import Subject
from gengfu.core.urgency import Kind, Severity
from rules.episodes import Episode

BIN: Micros = 10 * MINUTE
FLOOD = 10
"""More alarms in one bin than one person can handle (ANSI/ISA-18.2 §16)."""
CHATTER = 3
"""So many times on within a minute (ISA-18.2: chattering)."""
STALE: Micros = DAY
"""On without a break for longer (ISA-18.2: stale)."""
_WALKED = (Kind.LIFE_SAFETY, Kind.SECURITY)
_GRAVE = (Severity.CRITICAL, Severity.HIGH)


@dataclass(frozen=True, slots=True)
class Bin:
    """Ten minutes in which something opened."""

    start: Micros
    alarms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The figures over a period. Late episodes page nobody and are not in them."""

    alarms: int
    bins: tuple[Bin, ...]
    """Those with any, by time."""
    quiet_bins: int
    flood_bins: int
    peak: int
    """Most alarms in one bin."""
    chattering: tuple[tuple[str, Subject], ...]
    """(rule, subject) that came on three times within a minute."""
    stale: int
    walks: int
    """Alarms that send a person: life safety, security, and whatever is critical or high."""
    walks_per_hour: float
    most_walks_in_an_hour: int


def quality(episodes: Sequence[Episode], start: Micros, end: Micros) -> Quality:
    """Count over [start, end); what is still on lasts until ``end``."""
    told = [one for one in episodes if not one.late]
    counts = Counter(start + (one.opened - start) // BIN * BIN for one in told)
    walks = [one.opened for one in told if one.kind in _WALKED or one.severity in _GRAVE]
    hours = Counter((at - start) // HOUR for at in walks)
    return Quality(
        alarms=len(told),
        bins=tuple(Bin(at, counts[at]) for at in sorted(counts)),
        quiet_bins=max(0, -(-(end - start) // BIN) - len(counts)),
        flood_bins=sum(number > FLOOD for number in counts.values()),
        peak=max(counts.values(), default=0),
        chattering=_chattering(told),
        stale=sum((one.cleared or end) - one.opened > STALE for one in told),
        walks=len(walks),
        walks_per_hour=len(walks) * HOUR / max(end - start, 1),
        most_walks_in_an_hour=max(hours.values(), default=0),
    )


def _chattering(episodes: Sequence[Episode]) -> tuple[tuple[str, Subject], ...]:
    times: dict[tuple[str, Subject], list[Micros]] = defaultdict(list)
    for one in episodes:
        times[one.key].append(one.opened)
    return tuple(
        sorted(
            (key for key, every in times.items() if _chatters(sorted(every))),
            key=lambda key: (key[0], str(key[1])),
        )
    )


def _chatters(times: Sequence[Micros]) -> bool:
    """Tell whether any CHATTER times lie within a minute."""
    gaps = [later - earlier for earlier, later in pairwise(times)]
    windows = range(len(gaps) - CHATTER + 2)
    return any(sum(gaps[first : first + CHATTER - 1]) <= MINUTE for first in windows)
