"""The keeper through kills, outages and quiet hours: nothing is forgotten, nothing dropped too soon."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import DAY, HOUR, MINUTE, Micros
from gengfu.core.record import Tick, draft
from ingest.store.keeper import Keep, Rolled, StoreKeeper
from ingest.store.port import NotTaken, Refusal
from ingest.store.rollups import Buckets, Values, roll_up
from ingest.store.rows import Series
from tests.fakes.journal import FakeJournal
from tests.fakes.rows import batch_of, series

T0 = 1_795_219_200_000_000 - 1_795_219_200_000_000 % HOUR
FLOW = series("pump-1", "flow")


@dataclass
class Shelf:
    """A store in memory; can be told to answer nothing after so many calls."""

    readings: dict[Micros, float] = field(default_factory=dict)
    position: int = 0
    state: Rolled = field(default_factory=Rolled)
    hours: dict[Micros, tuple[float, int]] = field(default_factory=dict)
    patience: int = 10**9
    dropped: list[tuple[Micros, int]] = field(default_factory=list)

    def cursor(self) -> int:
        return self.position

    def rolled(self) -> Rolled:
        return self.state

    def note(self, rolled: Rolled) -> None:
        self._answer()
        self.state = rolled

    def values(self, series: Sequence[Series], start: Micros, end: Micros) -> Values:
        self._answer()
        own = sorted(one for one in self.readings.items() if start <= one[0] < end)
        return Values(
            series=np.zeros(len(own), dtype=np.int32),
            times=np.array([at for at, _ in own], dtype=np.int64),
            values=np.array([value for _, value in own], dtype=np.float64),
        )

    def write(self, series: Sequence[Series], buckets: Buckets) -> None:
        self._answer()
        if buckets.step == HOUR:
            rows = zip(buckets.weighted.tolist(), buckets.count.tolist(), strict=True)
            self.hours.update(zip(buckets.times.tolist(), rows, strict=True))

    def drop_before(self, at: Micros, step: Micros, classes: Sequence[str], *, but: bool) -> None:
        self.dropped.append((at, step))

    def _answer(self) -> None:
        self.patience -= 1
        if self.patience < 0:
            raise NotTaken(Refusal.UNREACHABLE, "away")


def expected(shelf: Shelf, until: Micros) -> dict[Micros, tuple[float, int]]:
    """Roll the whole store up at once."""
    found = roll_up(shelf.values([FLOW], T0 - HOUR, until), HOUR, T0, until)
    rows = zip(found.weighted.tolist(), found.count.tolist(), strict=True)
    return dict(zip(found.times.tolist(), rows, strict=True))


def tell(journal: FakeJournal, shelf: Shelf, at: Micros, now: Micros, value: float) -> None:
    """Write one reading into the journal and the store, late or not."""
    batch = batch_of(journal.names, [("pump-1", "flow", at, value)])
    journal.append([draft(batch, 1), draft(Tick(), 255)], at=now)
    shelf.readings[at] = value
    shelf.position = journal.last()[0]


@settings(max_examples=80)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 300)), min_size=1, max_size=15),
    st.data(),
)
def test_an_hour_is_forgotten(steps: list[tuple[int, int]], data: st.DataObject) -> None:
    """Late readings, kills and outages in any order: at the end every hour is what the readings say."""
    journal, shelf, now = FakeJournal(), Shelf(), T0 + 5 * HOUR
    keeper = StoreKeeper(journal.reader(), shelf, shelf)  # type: ignore[arg-type]
    for number, (forward, late) in enumerate(steps):
        now += forward * MINUTE
        tell(journal, shelf, now - late * MINUTE, now, float(number))
        if data.draw(st.booleans()):
            keeper = StoreKeeper(journal.reader(), shelf, shelf)  # type: ignore[arg-type]
        shelf.patience = data.draw(st.integers(0, 12))
        try:
            keeper.advance()
        except NotTaken:
            continue
    shelf.patience = 10**9
    journal.append([draft(Tick(), 255)], at=now + DAY)
    shelf.position = journal.last()[0]
    while keeper.advance():
        pass
    until = shelf.state.until
    assert until > now
    assert shelf.hours == expected(shelf, until)
    assert shelf.state.position == shelf.position


def test_the_open_hour_is_called_rolled_up() -> None:
    """While an hour may still grow it is not rolled up, and a kill begins before its first record."""
    journal, shelf = FakeJournal(), Shelf()
    tell(journal, shelf, T0 + MINUTE, T0 + MINUTE, 1.0)
    first = shelf.position
    tell(journal, shelf, T0 + 61 * MINUTE, T0 + 61 * MINUTE, 2.0)
    keeper = StoreKeeper(journal.reader(), shelf, shelf)  # type: ignore[arg-type]
    keeper.advance()
    assert (shelf.state.until, shelf.hours) == (T0, {})
    assert shelf.state.position < first
    tell(journal, shelf, T0 + 63 * MINUTE, T0 + 63 * MINUTE, 2.0)
    keeper.advance()
    assert shelf.state.until == T0 + HOUR
    assert list(shelf.hours) == [T0]


def test_readings_are_dropped_before_they_are_rolled_up() -> None:
    """Retention waits for the roll-up, and what is kept for ever is never asked to go."""
    journal, shelf = FakeJournal(), Shelf()
    tell(journal, shelf, T0, T0 + 9 * DAY, 1.0)
    shelf.patience = 1
    ages = Keep(raw=7 * DAY, minute=8 * DAY)
    keeper = StoreKeeper(journal.reader(), shelf, shelf, keep=ages)  # type: ignore[arg-type]
    try:
        keeper.advance()
    except NotTaken:
        assert shelf.dropped == []
    shelf.patience = 10**9
    keeper.advance()
    assert shelf.dropped == [(T0 + 2 * DAY, 0), (T0 + DAY, MINUTE)]
