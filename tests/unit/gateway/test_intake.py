"""A group of messages becomes durable records: in order, once, per site, or not at all."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.codecs.native.message import Limits, decode
from gateway.decoded import Decoded, RawMessage
from gateway.directory import Directory, build_directory
from gateway.intake import Intake
from gateway.unmapped import Said, meant_by
from gengfu.core.batch import Event, Flag, ReadingBatch
from gengfu.core.clock import DAY, HOUR
from gengfu.core.errors import JournalError
from gengfu.core.identity import Identified
from gengfu.core.partition import EVERY_PARTITION, partition_of
from gengfu.core.record import Body, DeadLetter, RecordKind, Tally
from tests.fakes.journal import FakeJournal
from tests.fakes.small_estate import shipped_classes, small_estate

AT = 1_763_600_400_000_000
EVENT = "gf/yunhe/fire-panel-1/up/event"
TELEMETRY = "gf/yunhe/lift-1/up/telemetry"


def message(topic: str, payload: str, *, retained: bool = False) -> RawMessage:
    return RawMessage(topic, payload.encode(), AT, retained)


@pytest.fixture
def journal() -> FakeJournal:
    return FakeJournal()


@pytest.fixture
def intake(journal: FakeJournal) -> Intake:
    ledgers = [small_estate(), small_estate("beiyuan", "n-")]
    return Intake(journal, build_directory(ledgers, shipped_classes(), journal.names), Limits())


def events_in(journal: FakeJournal) -> list[Event]:
    bodies: list[Body] = journal.bodies(RecordKind.EVENTS)
    return [
        one for body in bodies if isinstance(body, tuple) for one in body if isinstance(one, Event)
    ]


def letters_in(journal: FakeJournal) -> list[DeadLetter]:
    bodies = journal.bodies(RecordKind.DEAD_LETTERS)
    return [
        one
        for body in bodies
        if isinstance(body, tuple)
        for one in body
        if isinstance(one, DeadLetter)
    ]


def test_an_event_told_twice_is_two_events(intake: Intake, journal: FakeJournal) -> None:
    """The same id again, in one group or a later one, is journaled once and answered every time."""
    fire = message(EVENT, '{"id": "e-1", "type": "fire"}')

    first = intake.commit([fire, fire], at=AT)
    second = intake.commit([fire], at=AT + 1)

    assert len(events_in(journal)) == 1
    assert [len(done.answers) for done in (first, second)] == [2, 1]
    assert first.answers[0].topic == "gf/yunhe/fire-panel-1/down/ack"
    assert first.tally == Tally(received=2, journaled=1, duplicate=1)
    assert second.tally == Tally(received=1, duplicate=1)


@pytest.mark.parametrize(
    ("one", "other"), [("x" * 256 + "-1", "x" * 256 + "-2"), ("e\0001", "e1"), ("\0", "\0\0")]
)
def test_ids_that_are_shown_alike_are_one(
    intake: Intake, journal: FakeJournal, one: str, other: str
) -> None:
    """Two ids are two events however alike they are shown; each told twice is still one."""
    said = [message(EVENT, json.dumps({"id": id_, "type": "fire"})) for id_ in (one, other)]
    intake.commit(said, at=AT)
    assert intake.commit(said, at=AT + 1).tally.duplicate == 2
    ids = [str(event.id) for event in events_in(journal)]
    assert len(set(ids)) == len(ids) == 2
    assert all(len(id_) <= 256 and "\0" not in id_ for id_ in ids)


@pytest.mark.parametrize("said", ["e-1", 17, -17, "x" * 256, "火-1", "content:1"])
def test_an_ordinary_id_is_known_by_another_name(
    intake: Intake, journal: FakeJournal, said: str | int
) -> None:
    """What journals hold of ids that fit is by what their events are recognised."""
    intake.commit([message(EVENT, json.dumps({"id": said, "type": "fire"}))], at=AT)
    assert journal.known([Identified("fire-panel-1", str(said))])
    assert [event.id for event in events_in(journal)] == [str(said)]


@pytest.mark.parametrize("ahead", [0, HOUR, 3 * DAY, 400 * DAY])
def test_who_has_the_right_time_is_late(intake: Intake, journal: FakeJournal, ahead: int) -> None:
    """While our time is ahead of the host's, a device's is read as much later; a wrong one stays wrong."""
    true = (AT - ahead) // 1000
    said = [
        f'{{"id": "now", "type": "fire", "ts": {true}}}',
        f'{{"id": "an hour ago", "type": "fire", "ts": {true - 3_600_000}}}',
        f'{{"id": "in a year", "type": "fire", "ts": {true + 31_536_000_000}}}',
    ]
    decoded = intake.read([message(EVENT, one) for one in said], ahead)
    intake.append(decoded, at=AT)
    assert [(one.observed_at - AT, one.flags) for one in events_in(journal)] == [
        (0, 0),
        (-HOUR, 0),
        (0, Flag.CLOCK.value),
    ]


@pytest.mark.parametrize(("believed", "events"), [(False, 2), (True, 1)])
def test_a_fire_is_a_duplicate_of_one_90_days_ago(
    intake: Intake, journal: FakeJournal, believed: bool, events: int
) -> None:
    """A clock that starts with its device tells the same time again: only a believed one is known by it."""
    fire = json.dumps({"type": "fire", "part": "2-17", "ts": AT // 1000 if believed else 4_320})
    for later in (0, HOUR if believed else 90 * DAY):
        intake.commit([RawMessage(EVENT, fire.encode(), AT + later)], at=AT + later)
    assert len(events_in(journal)) == events


def test_a_frame_is_a_duplicate_of_one_90_days_ago(intake: Intake) -> None:
    """So are readings whose counter proves nothing and whose time is not believed, of any shape."""
    for ts in (4_320, [4_320, 4_330]):
        values: object = [1, 2] if isinstance(ts, list) else 1
        frame = json.dumps({"seq": 1, "ts": ts, "points": {"speed": values}})
        said = [message("gf/yunhe/lift-1/up/telemetry", frame)]
        assert [intake.commit(said, at=AT).tally.duplicate for _ in range(2)] == [0, 0]


def test_a_month_old_fire_is_kept_at_the_broker_and_rings(
    intake: Intake, journal: FakeJournal
) -> None:
    """A retained event without an id is old news when its own time is old, as when it has none."""
    old = json.dumps({"type": "fire", "ts": (AT - 30 * DAY) // 1000})
    intake.commit([RawMessage(EVENT, old.encode(), AT, retained=True)], at=AT)
    assert [one.is_retained for one in events_in(journal)] == [True]


def test_the_same_id_of_two_devices_is_one_event(intake: Intake, journal: FakeJournal) -> None:
    """An event's id is unique for its device only."""
    payload = '{"id": "e-1", "type": "fire"}'
    intake.commit([message(EVENT, payload), message("gf/yunhe/lift-1/up/event", payload)], at=AT)
    assert len(events_in(journal)) == 2


@pytest.mark.parametrize(
    ("payload", "kept"),
    [
        ('{"type": "fault"}', 2),
        ('{"type": "fault", "ts": 1763600399000}', 1),
        ('{"type": "fault", "seq": 1, "boot": "a"}', 1),
        ('{"type": "fault", "seq": 1}', 2),
    ],
)
def test_an_occurrence_is_taken_for_a_repetition(
    intake: Intake, journal: FakeJournal, payload: str, kept: int
) -> None:
    """Without id, counter with boot, or time stamp nothing is deduplicated."""
    intake.commit([message(EVENT, payload)], at=AT)
    intake.commit([message(EVENT, payload)], at=AT)
    assert len(events_in(journal)) == kept


def test_counted_readings_told_twice_are_stored_twice(intake: Intake) -> None:
    """(boot, seq) counts per topic kind: the same again is duplicate, in telemetry and vital apart."""
    payload = '{"seq": 5, "boot": "b", "points": {"speed": 1.0, "floor": 2}}'
    vital = TELEMETRY.replace("telemetry", "vital")
    tallies = [
        intake.commit([message(topic, payload)], at=AT).tally
        for topic in (TELEMETRY, TELEMETRY, vital)
    ]
    assert [(one.journaled, one.duplicate) for one in tallies] == [(2, 0), (0, 2), (2, 0)]


def test_a_sequence_that_restarted_is_taken_for_old_news(intake: Intake) -> None:
    """A device that rebooted counts from one again: another boot is another counter (F20)."""
    payloads = [json.dumps({"seq": 1, "boot": boot, "speed": 1.0}) for boot in ("a", "b")]
    tally = intake.commit([message(TELEMETRY, payload) for payload in payloads], at=AT).tally
    assert tally.journaled == 2


def test_sites_are_mixed_in_a_record(intake: Intake, journal: FakeJournal) -> None:
    """Each site's readings and events are records of their own, in that site's partition."""
    intake.commit(
        [
            message(TELEMETRY, '{"speed": 1.0}'),
            message("gf/beiyuan/n-lift-1/up/telemetry", '{"speed": 2.0}'),
            message(TELEMETRY, '{"speed": 3.0}'),
        ],
        at=AT,
    )
    readings = [one for one in journal.records if one.kind is RecordKind.READINGS]
    assert [one.partition for one in readings] == [partition_of("yunhe"), partition_of("beiyuan")]
    bodies = [one.body() for one in readings]
    values = [list(one.value) for one in bodies if isinstance(one, ReadingBatch)]
    assert values == [[1.0, 3.0], [2.0]]


def test_texts_and_claimed_times_stand_at_the_wrong_rows(
    intake: Intake, journal: FakeJournal
) -> None:
    """Texts and device times of several messages stay with their rows in the common batch."""
    intake.commit(
        [
            message(TELEMETRY, '{"speed": 1.0, "fault_code": "A"}'),
            message(TELEMETRY, '{"ts": 0, "points": {"speed": 2.0, "fault_code": "B"}}'),
            message(TELEMETRY, '{"fault_code": "A"}'),
        ],
        at=AT,
    )
    (batch,) = journal.bodies(RecordKind.READINGS)
    assert isinstance(batch, ReadingBatch)
    assert [batch.texts[int(batch.value[row])] for row in (1, 3, 4)] == ["A", "B", "A"]
    assert batch.claimed == ((2, 0), (3, 0))


def test_poison_stops_the_next_message(journal: FakeJournal) -> None:
    """A message the decoder crashes on is a dead letter of its own; its neighbours are stored (P10)."""

    def crashing(raw: RawMessage, directory: Directory, limits: Limits) -> Decoded:
        if b"poison" in raw.payload:
            raise ZeroDivisionError("our own defect")
        return decode(raw, directory, limits)

    directory = build_directory([small_estate()], shipped_classes(), journal.names)
    intake = Intake(journal, directory, Limits(), crashing)
    payloads = ['{"speed": 1.0}', '{"poison": 1}', '{"speed": 2.0}']
    done = intake.commit([message(TELEMETRY, payload) for payload in payloads], at=AT)

    (letter,) = letters_in(journal)
    assert (letter.reason, letter.payload) == ("crashed_decoder", b'{"poison": 1}')
    assert done.tally == Tally(received=3, journaled=2, quarantined=1)


def test_a_failing_journal_goes_unnoticed(intake: Intake, journal: FakeJournal) -> None:
    """When the journal cannot append, the commit fails whole and nothing counts as known."""
    fire = message(EVENT, '{"id": "e-1", "type": "fire"}')
    journal.fails = True
    with pytest.raises(JournalError):
        intake.commit([fire], at=AT)
    journal.fails = False
    assert intake.commit([fire], at=AT).tally.journaled == 1


def test_a_rejected_event_is_resent_for_ever(intake: Intake) -> None:
    """An unreadable event's id is answered, since it is safe as a dead letter; a stranger's is not."""
    known = intake.commit([message(EVENT, '{"id": "e-1"}')], at=AT)
    stranger = intake.commit(
        [message("gf/yunhe/nobody/up/event", '{"id": "e-1", "type": "fire"}')], at=AT
    )
    spoof = intake.commit([message(EVENT, '{"id": "e-1", "type": "fire", "device": "x"}')], at=AT)
    assert [one.id for one in known.answers] == ["e-1"]
    assert stranger.answers == ()
    assert spoof.answers == ()


def test_an_empty_message_makes_a_record(intake: Intake, journal: FakeJournal) -> None:
    """What says nothing leaves no trace."""
    intake.commit([message(TELEMETRY, "{}"), message(EVENT, "[]")], at=AT)
    assert journal.records == []


def test_dead_letters_of_no_site_are_lost(intake: Intake, journal: FakeJournal) -> None:
    """A letter stands in its site's partition, or in the one for all when its topic names none."""
    intake.commit([message("gf/yunhe/nobody/up/event", "{}"), message("elsewhere", "{}")], at=AT)
    letters = [one for one in journal.records if one.kind is RecordKind.DEAD_LETTERS]
    assert [one.partition for one in letters] == [partition_of("yunhe"), EVERY_PARTITION]


def test_unmapped_points_fill_the_memory(intake: Intake) -> None:
    """What no class has is counted by equipment and name within a bound; the rest only as a number."""
    intake.unmapped.most = 2
    for point in ("a", "b", "c", "a"):
        intake.commit([message(TELEMETRY, json.dumps({point: 7}))], at=AT)
    kept = intake.unmapped.listed()
    assert [(one.equipment, one.name, one.count, one.last_value) for one in kept.names] == [
        ("lift-1", "a", 2, 7),
        ("lift-1", "b", 1, 7),
    ]
    assert kept.overflow == 1


def test_an_event_of_no_class_is_silence(intake: Intake, journal: FakeJournal) -> None:
    """An event type that no class lists is journaled, and named for its equipment; known ones are not."""
    for type_ in ("fire", "Fire", "fier"):
        intake.commit([message(EVENT, json.dumps({"type": type_, "part": "1-1"}))], at=AT)
    (one,) = intake.unmapped.listed().names
    assert (one.equipment, one.said, one.name, one.last_value) == (
        "fire-panel-1",
        Said.EVENT,
        "fier",
        "1-1",
    )
    assert meant_by(one, shipped_classes()["fire_panel"]) == "fire"
    assert len(events_in(journal)) == 3


def test_names_come_after_the_rows_that_use_them(intake: Intake, journal: FakeJournal) -> None:
    """A reader that starts at the beginning knows every index before it meets it."""
    intake.commit([message(TELEMETRY, '{"speed": 1.0}')], at=AT)
    reader = journal.reader()
    first, *_ = reader.read(0)
    assert first.kind is RecordKind.NAMES
    assert reader.names.equipment == journal.names.equipment


ANY = st.one_of(
    st.sampled_from(
        [
            '{"speed": 1.0, "floor": 3}',
            '{"seq": 5, "boot": "b", "points": {"speed": 1.0}}',
            '{"speed": "fast", "unheard_of": 1}',
            "not JSON",
            '{"ts": [1, 2], "points": {"speed": [1.0, 2.0]}}',
        ]
    ),
    st.text(max_size=20),
)


@given(st.lists(st.tuples(st.booleans(), ANY), max_size=12))
def test_a_shed_item_goes_uncounted(said: list[tuple[bool, str]]) -> None:
    """Whatever is shed, received is exactly the sum of what became of it (invariant I5)."""
    journal = FakeJournal()
    directory = build_directory([small_estate()], shipped_classes(), journal.names)
    intake = Intake(journal, directory, Limits())
    messages = [message(EVENT if urgent else TELEMETRY, payload) for urgent, payload in said]
    whole = sum(decode(one, directory, Limits()).received for one in messages)
    tally = intake.append(intake.read(messages), at=AT, is_shedding=True).tally
    kept = tally.journaled + tally.duplicate + tally.unknown_point + tally.quarantined
    assert tally.received == whole == kept + tally.shed
    assert journal.bodies(RecordKind.TALLY) == ([tally] if whole else [])
    rows = sum(
        len(one) for one in journal.bodies(RecordKind.READINGS) if isinstance(one, ReadingBatch)
    )
    assert tally.journaled == rows + len(events_in(journal))


def test_shedding_leaves_an_old_value_for_the_present(intake: Intake, journal: FakeJournal) -> None:
    """Of each point the newest stays, though every message of the topic says another one."""
    payloads = [
        '{"speed": 1.0, "fault_code": "A"}',
        '{"floor": 3}',
        '{"fault_code": "B"}',
        '{"ts": 1763600399000, "points": {"floor": 2}}',
        '{"speed": 2.0}',
    ]
    messages = [message(TELEMETRY, payload) for payload in payloads]
    tally = intake.append(intake.read(messages), at=AT, is_shedding=True).tally
    (batch,) = journal.bodies(RecordKind.READINGS)
    assert isinstance(batch, ReadingBatch)
    points = [journal.names.points[index].point for index in batch.point]
    values = dict(zip(points, batch.value.tolist(), strict=True))
    assert values | {"fault_code": batch.texts[int(values["fault_code"])]} == {
        "speed": 2.0,
        "floor": 3.0,
        "fault_code": "B",
    }
    assert (tally.received, tally.journaled, tally.shed) == (6, 3, 3)


def test_an_event_in_the_telemetry_lane_is_shed(intake: Intake, journal: FakeJournal) -> None:
    """Events are never left out, whatever lane they came by."""
    fires = [message(EVENT, '{"type": "fire"}') for _ in range(3)]
    intake.append(intake.read(fires), at=AT, is_shedding=True)
    assert len(events_in(journal)) == 3
