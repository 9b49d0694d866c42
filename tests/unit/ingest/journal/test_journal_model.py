"""The journal against a list: whatever is done to it, it holds what the list holds."""

import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gengfu.core.identity import Identity
from gengfu.core.names import EquipmentName, Names
from gengfu.core.record import RecordKind
from ingest.journal.reader import FolderReader
from ingest.journal.sqlite import Roll, SqliteJournal
from tests.unit.ingest.journal.folder import counted, identified, note, read_all

IDENTITIES = st.builds(counted, st.integers(0, 40), st.sampled_from(["a", "b"])) | st.builds(
    identified, st.integers(0, 20)
)
ROLL = Roll(bytes=600, age=100)


class JournalAgainstList(RuleBasedStateMachine):
    """Appends, rolls, seals, reopens and reads; compares with plain Python values."""

    def __init__(self) -> None:
        super().__init__()
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = Path(self.scratch.name) / "journal"
        self.written: list[bytes] = []
        self.times: list[int] = []
        self.told: set[Identity] = set()
        self.names = Names()
        self.followed: list[bytes] = []

    @initialize()
    def open(self) -> None:
        self.journal = SqliteJournal(self.folder, roll=ROLL)
        self.reader = FolderReader(self.folder)
        self.after = 0

    @rule(
        contents=st.lists(st.binary(max_size=120), max_size=4),
        at=st.integers(0, 1_000),
        identities=st.lists(IDENTITIES, max_size=3),
    )
    def append(self, contents: list[bytes], at: int, identities: list[Identity]) -> None:
        positions = self.journal.append(
            [note(one) for one in contents], at=at, identities=identities
        )
        assert len(positions) == len(contents)
        self.written += contents
        self.told.update(identities)
        if contents:
            assert self.journal.last()[0] == positions[-1]

    @rule(name=st.text(max_size=8))
    def name(self, name: str) -> None:
        for names in (self.journal.names, self.names):
            names.equipment_index(EquipmentName("s", name, "pump"))

    @rule()
    def tend(self) -> None:
        assert self.journal.tend(0) == ()

    @rule()
    def reopen(self) -> None:
        self.journal.append([], at=0)
        self.journal.close()
        self.journal = SqliteJournal(self.folder, roll=ROLL)
        assert self.journal.damages == ()
        assert self.journal.names == self.names

    @rule(limit=st.integers(1, 5))
    def follow(self, limit: int) -> None:
        found = self.reader.read(self.after, limit=limit)
        if found:
            assert [one.position for one in found] == list(
                range(self.after + 1, self.after + 1 + len(found))
            )
            self.after = found[-1].position
        else:
            assert self.after == self.reader.last_position()
        self.followed += [one.payload for one in found if one.kind is not RecordKind.NAMES]
        assert self.written[: len(self.followed)] == self.followed

    @precondition(lambda self: self.after > 0)
    @rule(data=st.data())
    def jump(self, data: st.DataObject) -> None:
        to = data.draw(st.integers(0, self.after))
        with closing(FolderReader(self.folder)) as other:
            for record in other.read(to, limit=1):
                assert record.position == to + 1
            size = other.names.size()[0]
            assert other.names.equipment == self.names.equipment[:size]

    @rule(at=st.integers(0, 1_001))
    def find_time(self, at: int) -> None:
        records = read_all(self.folder)
        expected = max((one.position for one in records if one.written_at < at), default=0)
        assert self.reader.position_at(at) == expected

    @invariant()
    def knows_what_was_told(self) -> None:
        universe = [identified(n) for n in range(21)]
        universe += [counted(n, e) for n in range(41) for e in ("a", "b")]  # type: ignore[misc]
        assert self.journal.known(universe) == self.told

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self.journal.close()
            records = read_all(self.folder)
            assert [one.position for one in records] == list(range(1, len(records) + 1))
            contents = [one.payload for one in records if one.kind is not RecordKind.NAMES]
            assert contents == self.written
            times = [one.written_at for one in records]
            assert times == sorted(times)
            self.reader.close()
        self.scratch.cleanup()


TestJournalAgainstList = JournalAgainstList.TestCase
TestJournalAgainstList.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
