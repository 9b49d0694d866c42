"""Availability: equal to counting every moment by hand, added up, and written for Grafana."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.availability.account import NOTHING, Account, Window, account_of
from dashboards.availability.figures import row_of
from dashboards.availability.service import AvailabilityService
from dashboards.grafana.figures import day_of
from dashboards.grafana.figures_writer import FiguresWriter
from gengfu.core.clock import DAY, HOUR, SECOND, Micros, from_iso
from gengfu.core.naming import Bilingual
from gengfu.core.states import OperatingState, StateInterval
from gengfu.ledger.classes import load_classes
from gengfu.ledger.model import Equipment, EquipmentClass, Place, PlaceKind, Site, SiteLedger
from ingest.store.port import Measurement, Written

RUNNING, STANDBY, FAULT, MAINTENANCE, UNKNOWN = OperatingState


def _story(*lengths: tuple[OperatingState, int], at: int = 0) -> list[StateInterval]:
    intervals = []
    for state, length in lengths:
        intervals.append(StateInterval("e", state, at * SECOND, (at + length) * SECOND))
        at += length
    return intervals


def _account(
    story: list[StateInterval], start: int, end: int, *planned: tuple[int, int]
) -> Account:
    windows = [Window(begin * SECOND, until * SECOND) for begin, until in planned]
    return account_of(story, start * SECOND, end * SECOND, planned=windows)


def test_unknown_counts_as_up_or_down() -> None:
    """Unknown time is neither up nor down: it lowers the coverage and not the ratio."""
    account = _account(_story((RUNNING, 60), (FAULT, 20), (UNKNOWN, 20)), 0, 100)
    assert account.availability == 0.75
    assert account.coverage == 0.8
    assert account.required == 100 * SECOND


def test_nothing_known_is_perfect() -> None:
    """Where nothing is known there is no ratio, not 100 %."""
    account = _account(_story((UNKNOWN, 100)), 0, 100)
    assert (account.availability, account.coverage) == (None, 0.0)
    assert _account([], 0, 100).availability is None


def test_a_day_of_data_taken_for_a_month() -> None:
    """Of time before the first data nothing is known: a tenth of a period is no whole one."""
    account = _account(_story((RUNNING, 5), (FAULT, 1), (RUNNING, 4), at=90), 0, 100)
    assert (account.coverage, account.since) == (0.1, 90 * SECOND)
    row = row_of("e", account)
    assert (row.availability, row.meets(0.99), row.since) == (0.9, None, 90 * SECOND)


def test_a_replaced_lift_leaves_its_building_in_doubt() -> None:
    """Who leaves the ledger, or comes to it, takes nothing from the coverage of those beside him."""
    old = _account(_story((RUNNING, 10)), 0, 100)
    new = _account(_story((RUNNING, 90), at=10), 0, 100)
    beside = _account(_story((RUNNING, 100)), 0, 100)
    assert (old + new + beside).coverage == 1.0
    assert (NOTHING + new + new).coverage == 0.9


def test_planned_maintenance_counts() -> None:
    """Planned maintenance leaves both sides; the rest of the same inspection counts as down."""
    story = _story((RUNNING, 40), (MAINTENANCE, 40), (RUNNING, 20))
    assert _account(story, 0, 100).availability == 0.6
    account = _account(story, 0, 100, (40, 70), (60, 75))
    assert account.planned == 35 * SECOND
    assert account.down == 5 * SECOND
    assert account.availability == pytest.approx(60 / 65)


def test_one_failure_counted_twice() -> None:
    """A fault, a gap in the data and the repair after it are one failure, restored when it is up."""
    story = _story((RUNNING, 10), (FAULT, 10), (UNKNOWN, 5), (FAULT, 5), (MAINTENANCE, 10), (STANDBY, 60))  # fmt: skip
    account = _account(story, 0, 100)
    assert (account.failures, account.restored) == (1, 1)
    assert account.mttr_s == 25
    assert account.mtbf_s == 70


def test_inspection_is_a_failure() -> None:
    """Inspection without a plan is down time, but nothing failed."""
    account = _account(_story((RUNNING, 50), (MAINTENANCE, 10), (RUNNING, 40)), 0, 100)
    assert (account.failures, account.mttr_s, account.mtbf_s) == (0, None, None)
    assert account.down == 10 * SECOND


def test_failure_before_period_counted() -> None:
    """A fault is a failure of the period it began in and restored, with all its time, where it ended."""
    story = _story((RUNNING, 10), (FAULT, 30), (RUNNING, 60))
    account = _account(story, 20, 100)
    assert (account.failures, account.restored, account.down) == (0, 1, 20 * SECOND)
    assert account.mttr_s == 30
    assert _account(story, 0, 20).failures == 1
    assert _account(story, 0, 20).restored == 0


def test_open_interval_lost() -> None:
    """The state that still holds lasts until the end of the period."""
    account = account_of([StateInterval("e", FAULT, 0, None)], 0, 50 * SECOND)
    assert account.down == 50 * SECOND


STATES = st.sampled_from(list(OperatingState))
STORIES = st.lists(st.tuples(STATES, st.integers(1, 6)), max_size=8).map(
    lambda raw: [one for n, one in enumerate(raw) if n == 0 or raw[n - 1][0] is not one[0]]
)
PLANS = st.lists(st.tuples(st.integers(-5, 50), st.integers(-5, 50)), max_size=3)


def _state_at(story: list[StateInterval], at: int) -> StateInterval | None:
    here = (one for one in story if one.start <= at and (one.end is None or one.end > at))
    return next(here, None)


def _by_hand(
    story: list[StateInterval], start: int, end: int, planned: Sequence[tuple[int, int]]
) -> Account:
    """Look at every second of the period by itself."""
    up = down = unknown = before = plan = failures = restored = repair = spent = 0
    failed, since, stood = False, None, False
    for second in range(-5, end):
        at, counts = second * SECOND, second >= start
        now = _state_at(story, at)
        if now is None:
            before += counts and not stood
            continue
        stood |= counts
        in_plan = any(begin <= second < until for begin, until in planned)
        if since is None and counts and (in_plan or now.state is not UNKNOWN):
            since = at
        if in_plan:
            plan += counts
        elif now.state is UNKNOWN:
            unknown += counts
        elif now.state in {RUNNING, STANDBY}:
            up += counts
            if failed:
                failed = False
                restored += counts
                repair += spent if counts else 0
        else:
            down += counts
            if now.state is FAULT and not failed:
                failed, spent = True, 0
                failures += counts
            spent += 1
    spans = {"up": up, "down": down, "unknown": unknown, "planned": plan, "before": before}
    lengths = {name: seconds * SECOND for name, seconds in spans.items()}
    failed_for = repair * SECOND
    return Account(**lengths, failures=failures, restored=restored, repair=failed_for, since=since)


@given(STORIES, st.integers(-5, 5), st.integers(0, 45), st.integers(0, 45), PLANS)
def test_differs_from_counting_by_hand(
    raw: list[tuple[OperatingState, int]],
    begin: int,
    start: int,
    length: int,
    planned: list[tuple[int, int]],
) -> None:
    """For any states, period and plans the account is what counting every second gives."""
    story = _story(*raw, at=begin)
    assert _account(story, start, start + length, *planned) == _by_hand(
        story, start, start + length, planned
    )


@given(STORIES, st.integers(0, 40), PLANS)
def test_two_halves_differ_from_whole(
    raw: list[tuple[OperatingState, int]], cut: int, planned: list[tuple[int, int]]
) -> None:
    """Times, failures and restorations of neighbouring periods add up to those of both together."""
    story = _story(*raw)
    both = _account(story, 0, cut, *planned) + _account(story, cut, 50, *planned)
    whole = _account(story, 0, 50, *planned)
    # What is asked for before the first of several stood there is of their period, not of its parts.
    assert replace(both, count=1, before=whole.before) == whole


def test_repair_over_midnight_counted_twice(estate: "Estate") -> None:
    """A fault, its repair over the cut and the fault after it are one failure, by day and in all."""
    cut = NOW - HOUR // 2
    estate.intervals["p1"] = [
        StateInterval("p1", RUNNING, NOW - HOUR, cut - 600 * SECOND),
        StateInterval("p1", FAULT, cut - 600 * SECOND, cut - 300 * SECOND),
        StateInterval("p1", MAINTENANCE, cut - 300 * SECOND, cut + 300 * SECOND),
        StateInterval("p1", FAULT, cut + 300 * SECOND, cut + 400 * SECOND),
        StateInterval("p1", RUNNING, cut + 400 * SECOND, None),
    ]
    service = AvailabilityService(estate, estate, Standing())
    spans = ((NOW - HOUR, cut), (cut, NOW), (NOW - HOUR, NOW))
    rows = [service.figures(*span, by="equipment")[0] for span in spans]
    assert [(row.failures, row.mttr_s) for row in rows] == [(1, None), (0, 1000), (1, 1000)]


def _name(text: str) -> Bilingual:
    return Bilingual(zh=text, en=text)


def _ledger(site: str, *equipment: tuple[str, str, str]) -> SiteLedger:
    buildings = ("b1", "b2")
    gate = Place(id="gate", kind=PlaceKind.ZONE, name=_name("gate"))
    return SiteLedger(
        site=Site(id=site, name=_name(site)),
        places={"gate": gate}
        | {id_: Place(id=id_, kind=PlaceKind.BUILDING, name=_name(id_)) for id_ in buildings},
        equipment={
            id_: Equipment(id=id_, equipment_class=kind, name=_name(id_), place=place)
            for id_, kind, place in equipment
        },
    )


NOW = from_iso("2026-11-20T04:00:00Z")


@dataclass
class Estate:
    """States and ledgers as the desk has them, and a clock that stands."""

    intervals: dict[str, list[StateInterval]]
    now: Micros = NOW
    classes: Mapping[str, EquipmentClass] = field(default_factory=load_classes)

    @property
    def sites(self) -> Mapping[str, SiteLedger]:
        return {
            "s": _ledger("s", ("p1", "pump", "b1"), ("p2", "pump", "b2"), ("c", "camera", "gate")),
            "t": _ledger("t", ("p3", "pump", "b1")),
        }

    def all_intervals(self, start: Micros, end: Micros) -> Mapping[str, Sequence[StateInterval]]:
        return {
            id_: [one for one in found if one.start < end and (one.end is None or one.end > start)]
            for id_, found in self.intervals.items()
        }

    def since_up(self, start: Micros, end: Micros) -> Mapping[str, Sequence[StateInterval]]:
        first = {
            id_: max((one.start for one in found if one.start <= start and one.state in {RUNNING, STANDBY}), default=0)
            for id_, found in self.intervals.items()
        }  # fmt: skip
        return {
            id_: [one for one in found if first[id_] <= one.start < end]
            for id_, found in self.intervals.items()
        }


@dataclass(frozen=True)
class Standing:
    """A clock that stands at ``NOW``."""

    def now(self) -> Micros:
        return NOW

    def real_seconds(self, span: Micros) -> float:
        return 0.0


@pytest.fixture
def estate() -> Estate:
    hour_ago = NOW - HOUR
    return Estate(
        {
            "p1": [StateInterval("p1", RUNNING, hour_ago, None)],
            "p2": [
                StateInterval("p2", RUNNING, hour_ago, NOW - HOUR // 2),
                StateInterval("p2", FAULT, NOW - HOUR // 2, None),
            ],
            "p3": [StateInterval("p3", FAULT, hour_ago, None)],
            "c": [StateInterval("c", UNKNOWN, hour_ago, None)],
        }
    )


def test_sums_wrong(estate: Estate) -> None:
    """Figures are added up by each key, weighted by time, for the sites that one may see."""
    service = AvailabilityService(estate, estate, Standing())
    start, end = NOW - HOUR, NOW + DAY

    def shares(by: str, sites: frozenset[str] | None = None) -> dict[str, float | None]:
        return {
            row.key: row.availability for row in service.figures(start, end, by=by, sites=sites)
        }

    assert shares("equipment") == {"p1": 1.0, "p2": 0.5, "c": None, "p3": 0.0}
    assert shares("class") == {"pump": 0.5, "camera": None}
    assert shares("class", frozenset({"s"})) == {"pump": 0.75, "camera": None}
    assert shares("building") == {"s/b1": 1.0, "s/b2": 0.5, "s/-": None, "t/b1": 0.0}
    assert shares("site") == {"s": 0.75, "t": 0.0}
    with pytest.raises(ValueError, match="colour"):
        shares("colour")


def test_future_counted(estate: Estate) -> None:
    """What has not passed yet, or is not known yet, is not counted as what holds now."""
    estate.now = NOW - HOUR // 4
    service = AvailabilityService(estate, estate, Standing())
    (row,) = [
        one for one in service.figures(NOW - HOUR, NOW + DAY, by="equipment") if one.key == "p2"
    ]
    assert row.down_s == 900
    assert service.figures(NOW + HOUR, NOW + DAY, by="site") == []


@dataclass
class Sink:
    """Keeps measurements as a store does: the same name, tags and time overwrites."""

    kept: dict[tuple[str, tuple[tuple[str, str], ...], Micros], Measurement] = field(
        default_factory=dict
    )

    def write_measurements(self, measurements: Sequence[Measurement]) -> Written:
        for one in measurements:
            self.kept[one.name, tuple(sorted(one.tags.items())), one.at] = one
        return Written(stored=len(measurements))

    def fields(self, name: str, **tags: str) -> list[Mapping[str, object]]:
        wanted = tuple(sorted(tags.items()))
        return [one.fields for (kind, found, _), one in self.kept.items() if (kind, found) == (name, wanted)]  # fmt: skip


def test_grafana_sees_nothing(estate: Estate) -> None:
    """States and availability are written by every tag that panels ask for, and again without doubles."""
    sink = Sink()
    service = AvailabilityService(estate, estate, Standing())
    writer = FiguresWriter(estate, service, estate, sink, Standing())
    writer.write()
    size = len(sink.kept)
    writer.write()
    assert len(sink.kept) == size
    states = sink.fields("operating_state", site="s", building="b2", equipment="p2", **{"class": "pump"})  # fmt: skip
    assert [one["state"] for one in states] == ["running", "fault", "fault"]
    (by_class,) = sink.fields("availability", by="class", site="s", **{"class": "pump"})
    assert (by_class["ratio"], by_class["target"], by_class["count"]) == (0.75, 0.99, 2)
    (camera,) = sink.fields("availability", by="class", site="s", **{"class": "camera"})
    assert camera["ratio"] is None
    assert len(sink.fields("availability", by="site", site="t")) == 1
    assert sink.fields("availability", by="building", site="s", building="b1")[0]["down_s"] == 0


def test_day_begins_in_utc() -> None:
    """A day begins at midnight of the site, also where the clock is changed."""
    start, end = day_of(from_iso("2026-11-20T17:00:00Z"), "Asia/Shanghai")
    assert (start, end - start) == (from_iso("2026-11-20T16:00:00Z"), DAY)
    start, end = day_of(from_iso("2026-03-29T12:00:00Z"), "Europe/Berlin")
    assert end - start == 23 * HOUR
    assert day_of(from_iso("2026-03-30T12:00:00Z"), "Europe/Berlin", 1) == (start, end)


@pytest.mark.parametrize(
    ("up", "down", "unknown", "met"),
    [
        (990, 10, 0, True),
        (989, 11, 0, False),
        (990, 0, 110, True),
        (890, 0, 110, None),  # nothing failed, but too little is known to vouch for it
        (800, 5, 195, None),  # 0.6 % of what is known failed: 0.5 % if the unknown time was good
        (600, 8, 392, None),  # 1.3 % of what is known, 0.8 % at best
        (600, 11, 389, False),  # missed, whatever the unknown time was
        (0, 0, 1000, None),
    ],
)
def test_unknown_time_counted_as_good(up: int, down: int, unknown: int, met: bool | None) -> None:
    """A target is met or missed only where the unknown time leaves no doubt worth a word."""
    states = ((RUNNING, up), (FAULT, down), (UNKNOWN, unknown))
    story = _story(*((state, length) for state, length in states if length))
    row = row_of("e", _account(story, 0, up + down + unknown))
    assert row.meets(0.99) is met
    assert row.meets(None) is None
