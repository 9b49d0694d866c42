"""Alert changes on their way to Grafana."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.model import Entry, Step, What
from alerts.read import Change
from dashboards.grafana.alert_changes import AlertWriteBack, measurement
from gengfu.core.clock import SECOND
from ingest.store.port import Measurement, NotTaken, Refusal, Written
from tests.fakes.alerts import sample_alert


def change(number: int, what: str, at: int) -> Change:
    alert = sample_alert(opened_at=0)
    return Change(number, Entry(alert=alert.id, version=number, at=at, actor="g", what=what), alert)


CHANGES = (
    change(1, What.OPENED, 0),
    change(2, Step.ACKNOWLEDGE, 20 * SECOND),
    change(3, Step.ARRIVE, 90 * SECOND),
)


class FakeChanges:
    def changes_after(self, change: int, limit: int = 200) -> Sequence[Change]:
        return CHANGES[change : change + limit]


class FakeSink:
    def __init__(self) -> None:
        self.taken: list[Measurement] = []
        self.away = False

    def write_measurements(self, measurements: Sequence[Measurement]) -> Written:
        if self.away:
            raise NotTaken(Refusal.UNREACHABLE, "away")
        self.taken += measurements
        return Written(stored=len(measurements))


def test_sums_count_an_alert_twice() -> None:
    """An alert is counted when it opens; the times of its first steps stand where they were done."""
    fields = [measurement(one).fields for one in CHANGES]
    assert [one["opened"] for one in fields] == [1, None, None]
    assert [one["ack_s"] for one in fields] == [None, 20.0, None]
    assert [one["arrive_s"] for one in fields] == [None, None, 90.0]


@pytest.mark.parametrize(
    ("called_at", "wanted"), [(0, 20.0), (15 * SECOND, 5.0), (90 * SECOND, 20.0)]
)
def test_a_second_call_is_counted_from_the_first(called_at: int, wanted: float) -> None:
    """Who takes it is timed from the call he answered; read after a later one, from the opening."""
    taken = CHANGES[1]
    again = replace(taken, alert=replace(taken.alert, called_at=called_at))
    assert measurement(again).fields["ack_s"] == wanted


def test_changes_are_lost_or_written_again(tmp_path: Path) -> None:
    """Every change is written once, over an outage of the store and a restart."""
    sink = FakeSink()
    sink.away = True
    with pytest.raises(NotTaken):
        AlertWriteBack(FakeChanges(), sink, tmp_path / "cursor").write()
    sink.away = False
    for _ in range(2):
        assert AlertWriteBack(FakeChanges(), sink, tmp_path / "cursor").write() is False
    assert len(sink.taken) == 3
