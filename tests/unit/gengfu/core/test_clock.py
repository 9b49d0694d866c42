"""Clocks and times."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND, ScaledClock, from_iso, to_iso, to_utc, wall


@given(st.datetimes(timezones=st.just(UTC)))
def test_iso_times_come_back_to_the_microsecond(moment: datetime) -> None:
    """A time written with its zone is read exactly and converts back."""
    assert to_utc(from_iso(moment.isoformat())) == moment


@given(
    st.datetimes(datetime(1972, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 – bounds are naive
    st.timezone_keys(),
)
def test_a_wall_clock_shows_another_time(moment: datetime, key: str) -> None:
    """Day and time of day are those of the zone's own clock, in every zone and season."""
    shown = moment.astimezone(ZoneInfo(key)).replace(tzinfo=None)
    days, time = divmod(wall(from_iso(moment.isoformat()), ZoneInfo(key)), DAY)
    assert datetime(1970, 1, 1) + timedelta(days, microseconds=time) == shown  # noqa: DTZ001 – a wall clock has no zone


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("America/St_Johns", "2010-11-07T02:31:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
        ("Asia/Kathmandu", "1985-12-31T18:30:00Z"),
    ],
)
def test_the_hour_in_which_clocks_change(key: str, changes: str) -> None:
    """Each minute of that hour shows what its own side of the change shows: some change within an hour."""
    zone, first = ZoneInfo(key), from_iso(changes) - HOUR
    for at in range(first, first + 2 * HOUR, MINUTE):
        shown = to_utc(at).astimezone(zone).replace(tzinfo=None)
        assert to_utc(wall(at, zone)).replace(tzinfo=None) == shown


def test_days_are_lived_twice_and_every_minute_is_looked_up_twice() -> None:
    """The zone's table is asked by the hour, and what it said is known through four days of minutes."""
    zone, asked = CountingZone("Asia/Shanghai"), 0
    midnight = from_iso("2026-11-20T00:00:00+08:00")
    for _ in range(2):
        for at in range(midnight, midnight + 4 * DAY, MINUTE):
            assert wall(at, zone) % DAY == (at - midnight) % DAY
        asked = asked or zone.asked
    assert zone.asked == asked <= 2 * 4 * 24


class CountingZone(ZoneInfo):
    """Counts how often somebody asks."""

    asked = 0

    def utcoffset(self, dt: datetime | None, /) -> timedelta | None:
        self.asked += 1
        return super().utcoffset(dt)


@pytest.mark.parametrize("text", ["2026-11-20", "2026-11-20T10:00:00", "noon", ""])
def test_a_time_without_zone_is_refused(text: str) -> None:
    """A time that names no zone is never guessed."""
    with pytest.raises(ValueError, match=r"zone|no date and time"):
        from_iso(text)


def test_zones_and_output() -> None:
    """East of Greenwich is earlier in UTC; output is UTC with milliseconds."""
    assert to_iso(from_iso("2026-11-20T08:00:00.250+08:00")) == "2026-11-20T00:00:00.250Z"


def test_a_racing_clock_stops_at_the_present(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compressed day runs fast, meets the machine's clock, and then is that clock."""
    anchor = from_iso("2026-11-20T00:00:00Z")
    real = [anchor]
    monkeypatch.setattr("time.time_ns", lambda: real[0] * 1000)
    compressed = ScaledClock(start=anchor - DAY, rate=241, anchor=anchor)
    assert compressed.now() == anchor - DAY
    assert compressed.real_seconds(241 * SECOND) == pytest.approx(1)
    real[0] = anchor + 60 * SECOND
    assert compressed.now() == anchor - DAY + 241 * 60 * SECOND
    real[0] = anchor + HOUR
    assert compressed.now() == real[0]
    assert compressed.real_seconds(SECOND) == pytest.approx(1)


def test_a_clock_started_in_the_future_is_not_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario may play in the future; only a clock from the past stops at the present."""
    anchor = from_iso("2026-11-20T00:00:00Z")
    monkeypatch.setattr("time.time_ns", lambda: (anchor + SECOND) * 1000)
    ahead = ScaledClock(start=anchor + DAY, rate=10, anchor=anchor)
    assert ahead.now() == anchor + DAY + 10 * SECOND
