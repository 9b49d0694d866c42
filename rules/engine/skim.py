"""Goes over recorded time quickly: what certainly brings nothing is taken many records at once.

Most of a month is calm. A stretch of readings and ticks in which no value leaves its band, nobody
falls silent or is heard again, and no timer is due changes what is known and nothing else, so the
order within it does not matter. Everything else goes through ``step``, record by record; both ways
give the same verdicts and the same state.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gengfu.core.batch import Flag, ReadingBatch
from gengfu.core.clock import MINUTE, Micros
from gengfu.core.record import Body, Tick
from rules.engine.state import State
from rules.engine.step import as_held, is_deaf, step
from rules.engine.verdict import Verdict

FEW, MOST = 8, 512
"""How many records are tried at once: fewer after a stretch that was not calm, more after one that was."""


class Told(NamedTuple):
    """A record as the engine takes it."""

    body: Body
    position: int
    now: Micros


def steps(state: State, records: Sequence[Told]) -> tuple[State, list[Verdict]]:
    """Take records; return the next state and the verdicts they brought, in their order.

    The same as ``step`` for one after the other; and like there the given state is spent.
    """
    verdicts: list[Verdict] = []
    done, stretch = 0, FEW
    while done < len(records):
        calm = _skim(state, records[done : done + stretch])
        done += calm
        if calm == stretch:
            stretch = min(2 * stretch, MOST)
            continue
        for one in records[done : done + (1 if calm else stretch)]:
            state, brought = step(state, one.body, position=one.position, now=one.now)
            verdicts += brought
            done += 1
        stretch = min(max(2 * calm, FEW), MOST)
    return state, verdicts


def _skim(state: State, records: Sequence[Told]) -> int:
    """Take as many of the next records as are calm for certain; return how many."""
    if not len(state.number_of) or any(state.linkage.open_runs()):
        return 0
    told = list(_undisturbed(state, records))
    batches = [one.body for one in told if isinstance(one.body, ReadingBatch) and len(one.body)]
    calm = _take(state, told, batches) if batches else len(told)
    if calm:
        last = told[calm - 1]
        state.position, state.now = last.position, last.now
    return calm


def _undisturbed(state: State, records: Sequence[Told]) -> Iterator[Told]:
    """Yield the next records in which time alone brings nothing."""
    quiet_until = min(state.silences.nobody_until, state.timers[0][0] if state.timers else 2**62)
    before = state.now
    for one in records:
        match one.body:
            case Tick(rate=rate) if rate == state.rate:
                pass
            case ReadingBatch():
                pass
            case _:
                return
        if not before <= one.now < quiet_until or is_deaf(state, one.now - before):
            return
        if one.now // MINUTE != state.now // MINUTE and state.scheduled:
            return
        yield one
        before = one.now


def _take(state: State, told: Sequence[Told], batches: Sequence[ReadingBatch]) -> int:
    """Take the readings of as many records as are calm; return how many of all records those are."""
    rows = [len(one.body) if isinstance(one.body, ReadingBatch) else 0 for one in told]
    owner = np.repeat(np.arange(len(told)), rows)
    now = np.array([one.now for one in told], dtype=np.int64)[owner]
    equipment = np.concatenate([one.equipment for one in batches])
    points = np.concatenate([one.point for one in batches])
    flags = np.concatenate([one.flags for one in batches])
    numbers, slots = state.number_of[equipment], state.slot_of[points]
    linked = state.linked[equipment] & state.linking[points]
    stirs = (flags & Flag.RETAINED != 0) | linked | state.watched[numbers]
    read = np.flatnonzero((numbers >= 0) & (slots >= 0))
    observed = np.minimum(np.concatenate([one.observed_at for one in batches]), now)[read]
    values = as_held(state, points[read], np.concatenate([one.value for one in batches])[read])
    places = state.image.places(numbers[read], slots[read])
    calm = state.image.are_calm(state.roll, numbers[read], places, observed, values)
    stirs[read] |= ~calm | _comes_late(places, observed)
    end = int(owner[stirs.argmax()]) if stirs.any() else len(told)
    if end:
        before = owner < end
        state.counts.unknown_equipment += int(np.count_nonzero(numbers[before] < 0))
        heard = before & (numbers >= 0)
        state.heard[numbers[heard]] = now[heard]
        kept = before[read]
        state.image.put(places[kept], observed[kept], values[kept])
    return end


def _comes_late(places: NDArray[np.intp], observed: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which readings (n,) are older than one before them of the same place."""
    late = np.zeros(len(places), dtype=np.bool_)
    if (observed[1:] < observed[:-1]).any():
        order = np.argsort(places, kind="stable")
        same = places[order][1:] == places[order][:-1]
        older = observed[order][1:] < observed[order][:-1]
        late[order[1:][same & older]] = True
    return late
