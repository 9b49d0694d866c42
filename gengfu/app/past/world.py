"""What an estate says in a past, moment by moment; a process of its own tells it to the chain.

Whatever judges and people do changes nothing of it: it may be told ahead.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice
from multiprocessing import get_context
from multiprocessing.connection import Connection

from gengfu.app.past.calm import PastSite, Saying
from gengfu.app.past.garbage import search_seldom
from gengfu.core.clock import Micros
from gengfu.core.errors import StartError
from gengfu.core.record import Draft
from gengfu.ledger.model import EquipmentClass
from simulators.past.days import QUARTER
from simulators.past.scenes import LEAD, Scene, scene_of
from simulators.past.troubles import Trouble

RATE = 190.0
"""How fast the past runs, as its ticks tell it: what is heard every quarter of an hour is not silent."""
_AT_ONCE = 32
"""So many moments are handed over together."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is said at one time: messages (topic, payload) of devices, then records of ordinary time."""

    at: Micros
    sent: Sequence[tuple[str, bytes]] = ()
    said: Sequence[Draft] = ()
    values: int = 0
    """How many values, and events, stand in the records."""
    events: int = 0


@dataclass(slots=True)
class World:
    """Everybody's ordinary days, and the troubles that are planned; from ``start`` to ``end``."""

    sites: Mapping[str, PastSite]
    classes: Mapping[str, EquipmentClass]
    plan: Sequence[Trouble]
    start: Micros
    end: Micros
    _due: list[tuple[Micros, int, Callable[[Micros], Moment]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)

    def moments(self) -> Iterator[Moment]:
        """Yield what is said, in order of time; once only."""
        here = [packet for one in self.sites.values() for packet in one.greetings(self.start)]
        yield Moment(self.start, [(one.topic, one.payload) for one in here])
        self._at(self.start, self._quarter)
        for number, trouble in enumerate(self.plan, 1):
            self._at(trouble.begins - LEAD, partial(self._raise_curtain, trouble, number))
        while self._due[0][0] <= self.end:
            at, _, tell = heapq.heappop(self._due)
            yield tell(at)

    def _at(self, at: Micros, tell: Callable[[Micros], Moment]) -> None:
        heapq.heappush(self._due, (at, next(self._order), tell))

    def _quarter(self, at: Micros) -> Moment:
        """Let everybody who is not in trouble tell the last quarter of an hour."""
        self._at(at + QUARTER, self._quarter)
        return _moment(at, [one.tell(at) for one in self.sites.values()])

    def _raise_curtain(self, trouble: Trouble, number: int, at: Micros) -> Moment:
        site = self.sites[trouble.site]
        scene = scene_of(trouble, site.ledger, self.classes, site.counter, number=number, rate=RATE)
        site.calm.leave(scene.cast)
        return self._play(scene, at)

    def _play(self, scene: Scene, at: Micros) -> Moment:
        """Look at a scene, and again when it is its time."""
        sent = [(one.topic, one.payload) for one in scene.advance(at)]
        following = scene.next()
        if following is not None:
            self._at(following, partial(self._play, scene))
            return Moment(at, sent)
        site = self.sites[scene.trouble.site]
        return _moment(at, [site.go_on(scene.cast, at)], sent)


def _moment(at: Micros, told: Sequence[Saying], sent: Sequence[tuple[str, bytes]] = ()) -> Moment:
    return Moment(
        at,
        sent,
        [draft for one in told for draft in one.drafts],
        sum(one.values for one in told),
        sum(one.events for one in told),
    )


@contextmanager
def told_ahead(world: World) -> Iterator[Iterator[Moment]]:
    """Let a process of its own tell a world for a block."""
    context = get_context("spawn")
    told, telling = context.Pipe(duplex=False)
    process = context.Process(target=_tell, args=(world, telling), name="world", daemon=True)
    process.start()
    telling.close()
    with closing(told):
        try:
            yield _heard(told)
        finally:
            process.terminate()
            process.join()


def _tell(world: World, telling: Connection) -> None:
    search_seldom()
    moments = (one for one in world.moments() if one.sent or one.said)
    while some := list(islice(moments, _AT_ONCE)):
        telling.send(some)
    telling.send([])


def _heard(told: Connection) -> Iterator[Moment]:
    """Yield what is told.

    Raises:
        StartError: the process broke.
    """
    try:
        while some := told.recv():
            yield from some
    except EOFError as exc:
        raise StartError("The past is not whole: world broke, see above.") from exc
