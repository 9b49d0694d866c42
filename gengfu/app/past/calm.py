"""The ordinary time of sites as journal records: each quarter of an hour a batch, and its events."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from gateway.decoded import Rejected
from gateway.directory import Directory
from gengfu.app.given_files import classes_of
from gengfu.app.past.garbage import search_seldom
from gengfu.config import Settings
from gengfu.core.batch import Event, ReadingBatch, TopicKind
from gengfu.core.clock import DAY, Micros, wall
from gengfu.core.names import PointKind
from gengfu.core.partition import partition_of
from gengfu.core.record import Draft, draft
from gengfu.ledger.model import EquipmentClass, SiteLedger
from simulators.broker.wire import Packet, Writer
from simulators.estate.estate import estate_of
from simulators.estate.report import Message
from simulators.past.calm import Calm
from simulators.past.copies import copies_among
from simulators.past.days import QUARTER, Lived, Words, eve, live, renamed, renumbered

DAYS_LIVED = 3
"""So many ordinary days of every machine the past is dealt from."""
_PARTS = 4
"""The machines of a site live them in so many parts, side by side where there are cores for it."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What one site says at one moment: records, and how much stands in them."""

    drafts: Sequence[Draft]
    values: int
    events: int


@dataclass(slots=True)
class PastSite:
    """One site on its way through the past."""

    ledger: SiteLedger
    zone: ZoneInfo
    calm: Calm
    words: tuple[str, ...]
    """What the values of text columns count."""
    equipment: NDArray[np.int32]
    """By column: the equipment's index of the journal's names; so the points'."""
    points: NDArray[np.int32]
    texts: NDArray[np.bool_]
    index: Mapping[str, int]
    """By equipment."""
    _quarter: int = field(default=-1)

    def greetings(self, at: Micros) -> Sequence[Packet]:
        """Return what everybody sends who comes on line."""
        here = [
            Message(equipment=id_, kind=TopicKind.STATUS, at=at, online=True) for id_ in self.index
        ]
        return tuple(Writer(self.ledger.site.id, "past").packets(here))

    def tell(self, at: Micros) -> Saying:
        """Return the last quarter of an hour, at its end."""
        since_midnight = wall(at, self.zone) % DAY
        number = since_midnight // QUARTER
        if self._quarter < 0 or number < self._quarter:
            self.calm.begin_day()
        self._quarter = number
        told = self.calm.tell(number, since_midnight - QUARTER, since_midnight)
        partition, drafts = partition_of(self.ledger.site.id), list[Draft]()
        midnight = at - since_midnight
        events = tuple(
            Event(
                equipment=self.index[one.equipment],
                type=one.type,
                part=one.part,
                observed_at=midnight + when,
                received_at=at,
                attributes=one.attributes,
            )
            for when, one in told.events
        )
        if events:
            drafts.append(draft(events, partition))
        drafts.append(draft(self._batch(told.columns, told.values, at), partition))
        return Saying(drafts, len(told.values), len(events))

    def go_on(self, cast: frozenset[str], at: Micros) -> Saying:
        """Let the ordinary time go on for some equipment: it tells everything."""
        told = self.calm.come_back(cast, max(self._quarter, 0))
        batch = self._batch(told.columns, told.values, at)
        return Saying([draft(batch, partition_of(self.ledger.site.id))], len(told.values), 0)

    def _batch(
        self, columns: NDArray[np.int64], values: NDArray[np.float64], at: Micros
    ) -> ReadingBatch:
        count = len(columns)
        return ReadingBatch(
            equipment=self.equipment[columns],
            point=self.points[columns],
            observed_at=np.full(count, at, dtype=np.int64),
            received_at=np.full(count, at, dtype=np.int64),
            value=values,
            flags=np.zeros(count, dtype=np.uint8),
            texts=self.words if self.texts[columns].any() else (),
        )

    def counter(self, equipment: str, point: str) -> float | None:
        """Return what a counter reads in ordinary time now; None for what is none."""
        return self.calm.counter(equipment, point, max(self._quarter, 0))


def ordinary_days(
    settings: Settings,
    ledgers: Sequence[SiteLedger],
    directory: Directory,
    *,
    start: Micros,
    seed: int,
) -> Mapping[str, PastSite]:
    """Let the machines of all sites live some ordinary days; return the sites, by id.

    A site that is a copy of another one is dealt from the same days.
    """
    copies = {one.site: one for one in copies_among(ledgers)}
    work = partial(_live, settings, start=start, seed=seed)
    shares = [(one, part) for one in ledgers if one.site.id not in copies for part in range(_PARTS)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        lived = list(pool.map(work, *zip(*shares, strict=True)))
    days = {
        ledger.site.id: _joined(lived[at : at + _PARTS])
        for at, (ledger, part) in enumerate(shares)
        if part == 0
    }
    for site, copy in sorted(copies.items()):  # a copy's copy comes after it
        own, words = days[copy.original]
        days[site] = [renamed(one, copy.names) for one in own], words
    classes = classes_of(settings)
    return {
        one.site.id: _site(one, classes, *days[one.site.id], directory, seed) for one in ledgers
    }


def _joined(shares: Sequence[tuple[list[Lived], list[str]]]) -> tuple[list[Lived], list[str]]:
    """Return what the parts of a site lived as one, and the texts in it."""
    lived, words = list[Lived](), list[str]()
    for days, texts in shares:
        lived += [renumbered(one, len(words)) for one in days]
        words += texts
    return lived, words


def _live(
    settings: Settings, ledger: SiteLedger, part: int, *, start: Micros, seed: int
) -> tuple[list[Lived], list[str]]:
    """Let one part of a site's machines live; return their days, and the texts in these."""
    search_seldom()
    classes, words = classes_of(settings), Words()
    midnight = start - wall(start, ZoneInfo(ledger.site.time_zone)) % DAY
    estate = estate_of(ledger, classes, start=eve(midnight), seed=seed, changes=iter(()))
    lived = [
        live(model, ledger, classes, words, midnight=midnight, days=DAYS_LIVED)
        for model in estate.models[part::_PARTS]
    ]
    return lived, words.all


def _site(
    ledger: SiteLedger,
    classes: Mapping[str, EquipmentClass],
    lived: Sequence[Lived],
    words: Sequence[str],
    directory: Directory,
    seed: int,
) -> PastSite:
    silent_after = {
        one.id: classes[one.equipment_class].silent_after for one in ledger.equipment.values()
    }
    calm = Calm(lived, Random(f"{seed}/{ledger.site.id} days"), silent_after)
    site, index, points = ledger.site.id, dict[str, int](), list[int]()
    for column in calm.columns:
        target = directory.find(f"{directory.root}/{site}/{column.equipment}/up/telemetry")
        assert not isinstance(target, Rejected)  # the directory was built of this ledger
        index[column.equipment] = target.index
        points.append(target.slots[column.name].index)
    return PastSite(
        ledger=ledger,
        zone=ZoneInfo(ledger.site.time_zone),
        calm=calm,
        words=tuple(words),
        equipment=np.array([index[one.equipment] for one in calm.columns], dtype=np.int32),
        points=np.array(points, dtype=np.int32),
        texts=np.array([one.point.kind is PointKind.TEXT for one in calm.columns], dtype=np.bool_),
        index=index,
    )
