"""When faults begin and end: a scenario's script, and the small things of an ordinary day after it."""

import heapq
from collections.abc import Iterator
from random import Random

from gengfu.core.clock import Micros
from simulators.device import Change
from simulators.scenario.model import Afterwards, Scenario, SmallThing


def changes(scenario: Scenario, *, start: Micros, calm_from: Micros, seed: int) -> Iterator[Change]:
    """Yield a scenario's changes in order of time, without end when it has an ``afterwards``.

    ``start`` is the scenario's 00:00; the small things of ``afterwards`` begin at ``calm_from``.
    """
    script = sorted(_script(scenario, start), key=_at)
    if scenario.afterwards is None:
        return iter(script)
    rng = Random(f"{seed}/afterwards")
    return heapq.merge(script, _small_things(scenario.afterwards, calm_from, rng), key=_at)


def _at(change: Change) -> Micros:
    return change.at


def _script(scenario: Scenario, start: Micros) -> Iterator[Change]:
    for step in scenario.steps:
        yield Change(start + step.begins, step.injection, on=True)
        if step.ends is not None:
            yield Change(start + step.ends, step.injection, on=False)


def _small_things(afterwards: Afterwards, start: Micros, rng: Random) -> Iterator[Change]:
    """Yield one small thing after another; none comes again before all others had their turn."""
    due, deck = start, list[SmallThing]()
    while True:
        deck = deck or rng.sample(afterwards.choices, len(afterwards.choices))
        small = deck.pop()
        due += afterwards.every
        at = due + round(rng.uniform(-1, 1) * afterwards.jitter)
        yield Change(at, small.injection, on=True)
        yield Change(at + small.lasts, small.injection, on=False)
