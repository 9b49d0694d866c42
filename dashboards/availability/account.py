"""The account of one equipment over one period, and sums of such accounts. Pure.

- Required time is calendar time minus planned maintenance, which counts on neither side.
- Down is a fault, and maintenance outside a planned window: inspection mode forgotten on is down.
- Unknown is neither up nor down. It is left out of the ratio and shown as coverage.
- Time in which an equipment did not stand in the ledger is not required of it. But a period that began before
  any of the equipment asked for stood there is known in part only, and that lowers the coverage: three days
  say little about a month. One that is replaced takes nothing from the others.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from gengfu.core.clock import SECOND, Micros
from gengfu.core.states import OperatingState, StateInterval


@dataclass(frozen=True, slots=True)
class Window:
    """A planned time of maintenance, [start, end) in µs."""

    start: Micros
    end: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Sums in µs and counts. Accounts of several pieces of equipment add up."""

    up: Micros = 0
    """Operating time: running or ready to run."""
    down: Micros = 0
    unknown: Micros = 0
    planned: Micros = 0
    before: Micros = 0
    """From the period's begin until it, or the first of several, stood in the ledger."""
    failures: int = 0
    """Faults that began in the period; a fault before unplanned maintenance is one with it."""
    restored: int = 0
    """Failures that ended in the period, whenever they began: so periods add up."""
    repair: Micros = 0
    """Time from failure to restoration, of the restored ones; all of it."""
    count: int = 1
    """How many pieces of equipment it is about."""
    since: Micros | None = None
    """From when on something is known; None when nothing is."""

    def __add__(self, other: "Account") -> "Account":
        # Of the same period: only what none of them saw the begin of was seen in part.
        begun = [one.before for one in (self, other) if one.count]
        return Account(
            up=self.up + other.up,
            down=self.down + other.down,
            unknown=self.unknown + other.unknown,
            planned=self.planned + other.planned,
            before=min(begun, default=0),
            failures=self.failures + other.failures,
            restored=self.restored + other.restored,
            repair=self.repair + other.repair,
            count=self.count + other.count,
            since=min((one for one in (self.since, other.since) if one is not None), default=None),
        )

    @property
    def required(self) -> Micros:
        """Required time: calendar time minus planned maintenance (EN 13306)."""
        return self.up + self.down + self.unknown

    @property
    def availability(self) -> float | None:
        """(required − down) / required over the time that is known; None when nothing is.

        EN 15341: operational availability, up time / (up time + down time).
        """
        known = self.up + self.down
        return self.up / known if known else None

    @property
    def coverage(self) -> float:
        """Return which share of the time asked for, less planned, is known; 1 when there is none."""
        asked = self.required + self.before * self.count
        return (self.up + self.down) / asked if asked else 1.0

    @property
    def mtbf_s(self) -> float | None:
        """Mean operating time between failures (EN 15341 M10); None without a failure."""
        return self.up / self.failures / SECOND if self.failures else None

    @property
    def mttr_s(self) -> float | None:
        """Mean time to restoration (EN 15341 M12), failure → restored; None when none was."""
        return self.repair / self.restored / SECOND if self.restored else None


NOTHING = Account(count=0)


class _Class(Enum):
    """What a stretch of time counts as."""

    UP = auto()
    FAULT = auto()
    MAINTENANCE = auto()
    UNKNOWN = auto()
    PLANNED = auto()


_CLASS_OF = {
    OperatingState.RUNNING: _Class.UP,
    OperatingState.STANDBY: _Class.UP,
    OperatingState.FAULT: _Class.FAULT,
    OperatingState.MAINTENANCE: _Class.MAINTENANCE,
    OperatingState.UNKNOWN: _Class.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Time of one class, [start, end)."""

    start: Micros
    end: Micros
    kind: _Class


def account_of(
    intervals: Iterable[StateInterval],
    start: Micros,
    end: Micros,
    *,
    planned: Sequence[Window] = (),
) -> Account:
    """Account for one equipment over [start, end).

    ``intervals`` ascending and apart, as ``Estate.since_up`` gives them: from when it was last up
    on, since that tells whether a failure was on at ``start``, and ``planned`` as far back. The
    open one lasts until ``end``. Ask for nothing in the future: ``end`` is at most now.
    """
    sums = dict.fromkeys(_Class, 0)
    failures, since = _Failures(start), None
    stood_from = end
    for stretch in _stretches(intervals, end, _united(planned)):
        if stretch.end > start:
            stood_from = min(stood_from, max(stretch.start, start))
        sums[stretch.kind] += max(0, stretch.end - max(stretch.start, start))
        failures.pass_through(stretch)
        if since is None and stretch.end > start and stretch.kind is not _Class.UNKNOWN:
            since = max(stretch.start, start)
    return Account(
        up=sums[_Class.UP],
        down=sums[_Class.FAULT] + sums[_Class.MAINTENANCE],
        unknown=sums[_Class.UNKNOWN],
        planned=sums[_Class.PLANNED],
        before=max(0, stood_from - start),
        failures=failures.count,
        restored=failures.restored,
        repair=failures.repair,
        since=since,
    )


@dataclass(slots=True)
class _Failures:
    """Follows stretches: a failure begins with a fault and ends when the equipment is up again."""

    since: Micros
    """What begins or ends before the period is followed and not counted."""
    count: int = 0
    restored: int = 0
    repair: Micros = 0
    _down: bool = False
    """A fault is on and was not seen to end."""
    _spent: Micros = 0
    """Down time since then; planned and unknown time is no repair time."""

    def pass_through(self, stretch: _Stretch) -> None:
        """Take the next stretch."""
        counts = stretch.start >= self.since
        if stretch.kind is _Class.FAULT and not self._down:
            self._down, self._spent = True, 0
            self.count += counts
        if stretch.kind in {_Class.FAULT, _Class.MAINTENANCE}:
            self._spent += stretch.end - stretch.start
        elif stretch.kind is _Class.UP and self._down:
            self._down = False
            if counts:
                self.restored += 1
                self.repair += self._spent


def _united(windows: Sequence[Window]) -> list[Window]:
    """Return windows ascending and apart."""
    united: list[Window] = []
    for window in sorted(windows, key=lambda one: (one.start, one.end)):
        if window.end <= window.start:
            continue
        if united and window.start <= united[-1].end:
            united[-1] = Window(united[-1].start, max(united[-1].end, window.end))
        else:
            united.append(window)
    return united


def _stretches(
    intervals: Iterable[StateInterval], end: Micros, planned: Sequence[Window]
) -> Iterator[_Stretch]:
    """Cut intervals at the end of the period and at planned windows."""
    for interval in intervals:
        at, kind = interval.start, _CLASS_OF[interval.state]
        until = end if interval.end is None else min(interval.end, end)
        for window in planned:
            if window.end <= at or window.start >= until or at >= until:
                continue
            if window.start > at:
                yield _Stretch(at, window.start, kind)
            yield _Stretch(max(at, window.start), min(window.end, until), _Class.PLANNED)
            at = min(window.end, until)
        if at < until:
            yield _Stretch(at, until, kind)
