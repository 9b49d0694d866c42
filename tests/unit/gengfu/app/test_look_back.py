"""What core finds at its start is told, and mended, once."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gengfu.app.look_back import Before, look_back
from gengfu.core.batch import Event, Flag
from gengfu.core.clock import DAY, SECOND, Micros
from gengfu.core.identity import Identified
from gengfu.core.names import EquipmentName
from gengfu.core.record import Tick, draft
from gengfu.installation import Installation
from gengfu.proof import ProofFile
from ingest.journal.reader import FolderReader
from ingest.journal.sqlite import SqliteJournal
from ingest.safety.doubled import DoubledJournal
from ingest.safety.file import SafetyFile

NOVEMBER = 1_763_600_000 * SECOND
DECEMBER = NOVEMBER + 31 * DAY
PANEL = EquipmentName("yunhe", "fire_panel-1", "fire_panel")


@contextmanager
def doubled(place: Installation) -> Iterator[tuple[DoubledJournal, SqliteJournal]]:
    with closing(SqliteJournal(place.journal)) as journal:
        yield DoubledJournal(journal, SafetyFile(place.safety), {"fire_panel"}), journal


def burns(journal: DoubledJournal, number: int, at: Micros) -> None:
    panel = journal.names.equipment_index(PANEL)
    fire = Event(equipment=panel, type="fire", id=f"e-{number}", observed_at=at, received_at=at)
    ticks = [draft(Tick(), 255) for _ in range(20)]
    identities = [Identified(PANEL.equipment, f"e-{number}")]
    journal.append([*ticks, draft((fire,), 7)], at=at, identities=identities)


def start(place: Installation, judged: int, now: Micros) -> Before:
    with doubled(place) as (journal, plain):
        before = look_back(journal, plain, ProofFile(place.proof), place, judged=judged, now=now)
        journal.append([draft(Tick(), 255)], at=now)
        return before


def fires(place: Installation) -> list[tuple[str | None, int]]:
    with closing(FolderReader(place.journal)) as reader:
        bodies = [record.body() for record in reader.read(0)]
    events = [one for body in bodies if isinstance(body, tuple) for one in body]
    return [(one.id, one.flags) for one in events if isinstance(one, Event)]


@pytest.mark.parametrize("now", [DECEMBER + DAY, NOVEMBER, DAY], ids=["later", "back", "in 1970"])
def test_a_lost_journal_is_filled_at_every_start(tmp_path: Path, now: Micros) -> None:
    """Its fires stand in it once, as what was, whatever the clock says when they are appended."""
    place = Installation(tmp_path)
    with doubled(place) as (journal, plain):
        for number, at in enumerate([NOVEMBER, NOVEMBER + 1, DECEMBER, DECEMBER + 1]):
            burns(journal, number, at)
        judged = plain.last()[0]
    shutil.rmtree(place.journal)
    assert start(place, judged, now).compared.again == 4
    for _ in range(2):
        assert start(place, 0, now).compared.again == 0
    assert fires(place) == [(f"e-{number}", Flag.RETAINED) for number in range(4)]
