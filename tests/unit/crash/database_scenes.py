"""The alerts and the estate's projection: one transaction for all that belongs together."""

import random
import sqlite3
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from alerts.model import FindingVerdict, Step
from alerts.read import AlertFilter, AlertReader
from alerts.refusals import IllegalStep
from alerts.schema import open_alerts
from alerts.service import AlertService
from dashboards.estate import Estate
from gengfu.core.batch import BatchBuilder, ReadingBatch
from gengfu.core.clock import SECOND, Micros
from gengfu.core.names import EquipmentName, Names, PointName
from gengfu.core.partition import EVERY_PARTITION, partition_of
from gengfu.core.record import Draft, LedgerChange, Record, Tally, Tick, draft
from gengfu.core.states import StateInterval
from gengfu.database import open_sqlite
from gengfu.ledger import snapshot
from gengfu.ledger.classes import load_classes
from gengfu.ledger.csv_import import read_folder
from gengfu.ledger.model import SiteLedger
from tests.fakes.alerts import START, FakeChannel, asks
from tests.fakes.crash_disk import CrashDisk
from tests.fakes.manual_clock import ManualClock
from tests.integration.alerts.victim import verdicts_at

LAST = 25
"""Journal positions that the alerts are given."""
WALK = (Step.ACKNOWLEDGE, Step.ARRIVE, Step.VERDICT, Step.RESET, Step.CLOSE)
STEPS = 8
"""Batches of records that the estate is given."""
DEMO = Path(__file__).parents[3] / "simulators" / "demo"
CLASSES = load_classes()


class Alerting:
    """Apply verdicts and take people's steps."""

    def work(self, disk: CrashDisk, folder: Path, seed: int) -> None:
        self._run(folder / "alerts.db", seed, disk)

    def check(self, folder: Path, promised: int, seed: int) -> None:
        """At once: no half of a change. Gone on from there: what a run without a crash comes to."""
        file = folder / "alerts.db"
        applied = int(str([*_ask(file, "SELECT position FROM progress"), (0,)][0][0]))
        assert promised <= applied <= promised + 1
        assert _ask(file, _HALVES) == []
        self._run(file, seed, None)
        assert _dump(file) == self._undisturbed(seed, folder.with_name(f"whole-{seed}"))

    def _run(self, file: Path, seed: int, disk: CrashDisk | None) -> None:
        engine, clock = open_alerts(file), ManualClock(START)
        if disk is not None:
            disk.begin()
            disk.watch_commits(engine, file)
        service = AlertService(engine, clock, channels=[FakeChannel()])
        reader = AlertReader(engine)
        applied = service.applied_position()
        for position in range(max(1, applied - 3), LAST + 1):
            clock.at = START + position * SECOND
            service.apply(verdicts_at(position), position=position, at=clock.at)
            if position >= applied:
                self._step(service, reader, position, seed)
            if disk is not None:
                disk.promised = position
        engine.dispose()

    def _step(self, service: AlertService, reader: AlertReader, position: int, seed: int) -> None:
        """Take the next step on an alert that the position names; twice, with one key."""
        dice = random.Random(f"{seed}-{position}")
        alerts = sorted(
            reader.list(AlertFilter(open_only=False, limit=200)).alerts, key=lambda one: one.id
        )
        if not alerts:
            return
        alert, step = dice.choice(alerts), dice.choice(WALK)
        request = asks(key=f"{position}", verdict=FindingVerdict.FALSE)
        for _ in range(2):
            try:
                service.act(alert.id, step, request)
            except IllegalStep:
                return

    def _undisturbed(self, seed: int, folder: Path) -> list[object]:
        file = folder / "alerts.db"
        if not file.exists():
            folder.mkdir()
            self._run(file, seed, None)
        return _dump(file)


class Projecting:
    """Follow the journal into intervals and counts."""

    def work(self, disk: CrashDisk, folder: Path, seed: int) -> None:
        engine = open_sqlite(folder / "estate.db")
        estate = Estate(engine, CLASSES)
        estate.prepare()
        disk.begin()
        disk.watch_commits(engine, folder / "estate.db")
        for number, (records, names) in enumerate(_history(seed), 1):
            estate.apply(records, names)
            estate.save()
            disk.promised = number
        engine.dispose()

    def check(self, folder: Path, promised: int, seed: int) -> None:
        """It knows what it had saved, and gone on from there, what one never killed knows."""
        engine = open_sqlite(folder / "estate.db")
        estate = Estate(engine, CLASSES)
        estate.prepare()
        ends = [0, *(records[-1].position for records, _ in _history(seed))]
        assert estate.position in ends[promised : promised + 2]
        for records, names in _history(seed):
            if records[-1].position > estate.position:
                estate.apply(records, names)
                estate.save()
        assert (estate.tally(), estate.all_intervals(0, 10**15)) == _followed(seed)
        engine.dispose()


@cache
def _history(seed: int) -> list[tuple[list[Record], Names]]:
    """Return a ledger, readings and ticks as the journal tells them."""
    (ledger,) = read_folder(DEMO, CLASSES)
    dice, names, second = random.Random(seed), Names(), 0
    told = draft(LedgerChange("yunhe", snapshot.encode(ledger)), partition_of("yunhe"))
    position, batches = 0, []
    for step in range(STEPS):
        second += dice.choice((1, 60, 300))
        readings = _readings(ledger, names, second * SECOND, dice)
        tally = Tally(received=len(readings), journaled=len(readings))
        bodies = [
            *([] if step else [told]),
            draft(readings, partition_of("yunhe")),
            draft(tally, EVERY_PARTITION),
            draft(Tick(), EVERY_PARTITION),
        ]
        batches.append((_records(bodies, position, second * SECOND), names))
        position += len(bodies)
    return batches


def _readings(ledger: SiteLedger, names: Names, at: Micros, dice: random.Random) -> ReadingBatch:
    builder = BatchBuilder()
    for equipment in dice.sample(sorted(ledger.equipment), 6):
        kind = CLASSES[ledger.equipment[equipment].equipment_class]
        index = names.equipment_index(EquipmentName("yunhe", equipment, kind.name))
        for point in dice.sample(sorted(kind.points), 4):
            definition = kind.points[point]
            words = tuple(definition.words)
            column = names.point_index(PointName(kind.name, point, definition.kind, words))
            value = float(dice.randrange(max(len(words), 2)))
            is_text = definition.kind == "text"
            builder.add(index, column, at, at, builder.text("E1") if is_text else value)
    return builder.build()


def _records(bodies: list[Draft], after: int, at: Micros) -> list[Record]:
    return [
        Record(
            position=position,
            partition=one.partition,
            kind=one.kind,
            written_at=at,
            payload=one.payload,
        )
        for position, one in enumerate(bodies, after + 1)
    ]


@cache
def _followed(seed: int) -> tuple[Tally, dict[str, list[StateInterval]]]:
    """Return what an estate knows in the end that was never stopped."""
    with TemporaryDirectory() as folder:
        estate = Estate(open_sqlite(Path(folder) / "desk.db"), CLASSES)
        estate.prepare()
        for records, names in _history(seed):
            estate.apply(records, names)
            estate.save()
        return estate.tally(), dict(estate.all_intervals(0, 10**15))


_HALVES = """
SELECT a.id FROM alerts a LEFT JOIN timeline t ON t.alert = a.id GROUP BY a.id
HAVING count(t.version) <> a.version OR max(t.version) <> a.version OR min(t.version) <> 1
UNION ALL
SELECT alert || '.' || version || '.fake' FROM timeline WHERE what IN
('opened', 'returned', 'timer', 'closed', 'acknowledge', 'close')
AND alert || '.' || version || '.fake' NOT IN (SELECT id FROM outbox)
UNION ALL
SELECT id FROM alerts WHERE due_at IS NULL AND handling IN ('new', 'notified', 'received')
UNION ALL
SELECT min(id) FROM alerts WHERE handling <> 'closed' GROUP BY rule, equipment, part
HAVING count(*) > 1
"""
"""Alerts without their lines, lines without their notification, no clock, two for one subject."""


def _ask(file: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(file)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def _dump(file: Path) -> list[object]:
    """Return all that the alerts know, but when their writer last looked at its clock."""
    tables = ("alerts", "timeline", "outbox", "actions", "requests")
    return [_ask(file, f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
