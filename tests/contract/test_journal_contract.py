"""What every journal promises, asked of the fake and of the folder of segments alike."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gengfu.core.batch import TopicKind
from gengfu.core.identity import Counted, Identified, Identity
from gengfu.core.names import EquipmentName, PointKind, PointName
from gengfu.core.partition import EVERY_PARTITION
from gengfu.core.record import Draft, NewNames, RecordKind, Tick, draft
from ingest.journal.port import Journal, JournalReader
from ingest.journal.reader import FolderReader
from ingest.journal.sqlite import SqliteJournal
from tests.fakes.journal import FakeJournal

TICK = draft(Tick(), EVERY_PARTITION)
Pair = tuple[Journal, Callable[[], JournalReader]]


@pytest.fixture(params=["fake", "sqlite"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    if request.param == "fake":
        fake = FakeJournal()
        yield fake, fake.reader
        return
    journal = SqliteJournal(tmp_path)
    yield journal, lambda: FolderReader(tmp_path)
    journal.close()


def test_an_empty_journal(pair: Pair) -> None:
    """Nothing is there, and asking is no error."""
    journal, reader = pair
    assert journal.last() == (0, 0)
    assert list(reader().read(0)) == []
    assert (reader().first_position(), reader().last_position()) == (1, 0)
    assert reader().position_at(10**18) == 0


def test_positions_count_from_one_and_times_never_go_back(pair: Pair) -> None:
    """``append`` returns the drafts' positions; an earlier ``at`` is lifted to the last one."""
    journal, reader = pair
    assert journal.append([TICK, TICK], at=50) == range(1, 3)
    assert journal.append([TICK], at=40) == range(3, 4)
    assert journal.last() == (3, 50)
    assert [(one.position, one.written_at) for one in reader().read(0)] == [
        (1, 50),
        (2, 50),
        (3, 50),
    ]
    assert [one.position for one in reader().read(1, limit=1)] == [2]
    assert list(reader().read(3)) == []


def test_content_comes_back_as_it_was(pair: Pair) -> None:
    """Partition, kind and bytes, whatever they are."""
    journal, reader = pair
    drafts = [
        Draft(partition=partition, kind=kind, payload=bytes(range(256)) * size)
        for partition, kind, size in [
            (0, RecordKind.ACTION, 0),
            (63, RecordKind.LEDGER, 1),
            (EVERY_PARTITION, RecordKind.RULES, 900),
        ]
    ]
    journal.append(drafts, at=1)
    assert [(one.partition, one.kind, one.payload) for one in reader().read(0)] == [
        (one.partition, one.kind, one.payload) for one in drafts
    ]


def test_names_come_before_their_first_use(pair: Pair) -> None:
    """A NAMES record precedes the drafts; a reader knows the names as of its last record."""
    journal, reader = pair
    follower = reader()
    journal.names.equipment_index(EquipmentName("s", "lift-1", "elevator"))
    assert journal.append([TICK], at=1) == range(2, 3)
    journal.names.point_index(PointName("elevator", "speed", PointKind.ANALOG))
    assert journal.append([TICK], at=2) == range(4, 5)
    found = follower.read(0, limit=2)
    assert [one.kind for one in found] == [RecordKind.NAMES, RecordKind.TICK]
    assert follower.names.size() == (1, 0)
    (third,) = follower.read(2, limit=1)
    assert isinstance(third.body(), NewNames)
    assert follower.names == journal.names


def test_what_was_told_is_known(pair: Pair) -> None:
    """Identities go with their append; another boot, kind or equipment is another message."""
    journal, _ = pair
    told: list[Identity] = [Counted("a", TopicKind.EVENT, "b1", 7), Identified("a", "e-1")]
    others: list[Identity] = [
        Counted("a", TopicKind.EVENT, "b2", 7),
        Counted("a", TopicKind.VITAL, "b1", 7),
        Counted("a", TopicKind.EVENT, "b1", 8),
        Counted("b", TopicKind.EVENT, "b1", 7),
        Identified("b", "e-1"),
        Identified("a", "e-2"),
    ]
    assert journal.known([*told, *others]) == frozenset()
    journal.append([TICK], at=1, identities=told)
    assert journal.known([*told, *others]) == set(told)


def test_time_leads_to_a_position(pair: Pair) -> None:
    """Reading after ``position_at(t)`` begins with the first record written at ``t`` or later."""
    journal, reader = pair
    for at in (10, 20, 20, 30):
        journal.append([TICK], at=at)
    assert [reader().position_at(at) for at in (0, 10, 11, 20, 21, 30, 31)] == [0, 0, 1, 1, 3, 3, 4]
