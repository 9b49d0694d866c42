"""Who killed core? What is in hand is noted before it is judged, so that the next start knows.

A death while something was in hand is followed up: at the first the records of that batch are taken
one by one, at the second the portions of the record are, at the third the portion is parked. So
three deaths at one place cost one item, and its neighbours are judged. When a record kills that has
nothing left to judge, it is not the record but what the rules remember (a timer, a window): then
they begin anew there, with the names, rules and ledgers that they had.

A failure of the world outside (a disk, a locked database, memory) is nobody's in hand.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from types import TracebackType

import msgspec
import structlog
from sqlalchemy.exc import OperationalError

from gengfu.core.errors import GengfuError
from gengfu.core.record import (
    Body,
    LedgerChange,
    NewNames,
    Record,
    RecordKind,
    RulesChange,
    Tick,
)
from gengfu.ledger import snapshot
from gengfu.ledger.model import EquipmentClass
from rules.engine.state import State
from rules.engine.step import begin, step
from rules.parking import MEMORY, WHOLE, Parked, ParkingLot
from rules.portion import Label, label, portion, portions, without

_log = structlog.get_logger(__name__)

DEATHS = 3
"""So many at the same place are enough."""
OUTSIDE = (OSError, MemoryError, OperationalError, GengfuError)
"""What no record is blamed for."""
_SIZE = 4096
_WORDLESS = "it died or hung without a word"


@dataclass(frozen=True, slots=True, kw_only=True)
class InHand:
    """What is being judged: records ``first`` to ``last``, or a portion of one; 0 = nothing."""

    first: int = 0
    last: int = 0
    number: int = WHOLE
    deaths: int = 0
    """How often core has died at this place before."""
    reason: str = _WORDLESS

    def is_only(self, position: int) -> bool:
        """Tell whether it is this record and no other."""
        return self.first == self.last == position


@dataclass(frozen=True, slots=True)
class HandFile:
    """The note. Written in place and never grown: a full disk and a killed process do not matter."""

    path: Path

    def write(self, held: InHand) -> None:
        """Leave a note; a disk that refuses must not stop the rules."""
        line = msgspec.json.encode(held).ljust(_SIZE - 1) + b"\n"
        with suppress(OSError):
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.pwrite(handle, line, 0)
            finally:
                os.close(handle)

    def read(self) -> InHand | None:
        """Return what was in hand at the end; None = nothing was."""
        try:
            held = msgspec.json.decode(self.path.read_bytes(), type=InHand)
        except (OSError, msgspec.DecodeError):
            return None
        return held if held.first else None


class Custody:
    """Follows what the rules have in hand, and parks what killed core three times."""

    def __init__(
        self, note: HandFile, lot: ParkingLot, classes: Mapping[str, EquipmentClass]
    ) -> None:
        self._note = note
        self._lot = lot
        self._classes = classes
        found = note.read()
        self._suspect = None if found is None else replace(found, deaths=found.deaths + 1)
        self._parked: dict[int, set[int]] = {}
        for one in lot.all():
            self._parked.setdefault(one.position, set()).add(one.number)
        self._contents = {one.content for one in lot.all() if one.content and one.stays}
        """Of rules and ledgers that are parked: every start announces them again."""
        self.held: InHand | None = None
        """What is being judged now."""
        if self._suspect is not None:
            _log.error("rules_died_at", **_as_line(self._suspect))

    def forget_after(self, last: int) -> None:
        """Drop what was noted of positions that the journal does not have: it was another journal's.

        A new record would be blamed in their place, or passed over.
        """
        if self._suspect is not None and self._suspect.last > last:
            self._suspect = None
            self._note.write(InHand())
        for one in [one for one in self._lot.all() if one.position > last]:
            _log.warning("parked_record_gone", key=one.key, what=one.what, last=last)
            self._set_free(one.position)

    def at_most(self, after: int, limit: int) -> int:
        """Return how many records behind a position may be taken at once: a suspect is taken alone."""
        suspect = self._suspect
        if suspect is None or after >= suspect.last:
            return limit
        return min(limit, max(1, suspect.first - 1 - after))

    def hold(self, records: Sequence[Record]) -> "_Hold":
        """Have records in hand for a block; what it raises is noted as the reason of a death."""
        if records:
            self._take(records[0].position, records[-1].position)
        return _Hold(self)

    def begin_anew(self, record: Record, state: State) -> State:
        """Return the state to judge a record with: without memory where that is what killed."""
        suspect, here = self._suspect, self._parked.get(record.position, set())
        if (
            suspect is not None
            and suspect.is_only(record.position)
            and suspect.number == WHOLE
            and suspect.deaths >= DEATHS
            and here
            and MEMORY not in here
        ):
            self._set_free(record.position)
            self._park(record, suspect, MEMORY, Label(what="memory"))
        if MEMORY not in self._parked.get(record.position, ()):
            return state
        return without_memory(state)

    def bodies(self, record: Record, body: Body, state: State) -> Iterator[Body]:
        """Yield what is to be judged of a record, each part in hand while it is."""
        suspect = self._suspect
        careful = suspect is not None and suspect.is_only(record.position)
        if suspect is not None and careful and suspect.deaths >= DEATHS:
            self._convict(record, body, state, suspect)
            careful = False
        parked = self._parked.get(record.position, set()) - {MEMORY}
        if self._contents and _content(record) in self._contents:
            parked = parked | {WHOLE}
        left = body if not parked else None if WHOLE in parked else without(body, parked)
        if suspect is not None and careful and suspect.deaths >= DEATHS - 1 and left is not None:
            for number, one in portions(body):
                if number not in parked:
                    self._take(record.position, record.position, number)
                    yield one
            self._take(record.position, record.position)
        else:
            yield left if left is not None else Tick(rate=state.rate)

    def _convict(self, record: Record, body: Body, state: State, suspect: InHand) -> None:
        """Park what killed three times."""
        kind = record.kind.name.lower()
        about = portion(body, suspect.number) if suspect.number >= 0 else None
        if about is None:
            self._park(record, suspect, WHOLE, label(body, kind, state.names))
        else:
            self._park(record, suspect, suspect.number, label(about, kind, state.names))

    def _park(self, record: Record, suspect: InHand, number: int, about: Label) -> None:
        equipment_class = self._classes.get(about.equipment_class)
        parked = Parked(
            position=record.position,
            number=number,
            kind=record.kind.name.lower(),
            site=about.site,
            equipment=about.equipment,
            what=about.what,
            content=_content(record),
            life_safety=equipment_class is not None and equipment_class.life_safety,
            deaths=suspect.deaths,
            reason=suspect.reason,
            at=record.written_at,
        )
        self._lot.put(parked)
        self._parked.setdefault(record.position, set()).add(number)
        if parked.content:
            self._contents.add(parked.content)
        self._suspect = None
        self._take(record.position, record.position)
        _log.critical("record_parked", key=parked.key, what=parked.what, reason=parked.reason)

    def _set_free(self, position: int) -> None:
        """Judge a record again that was not to blame."""
        for one in self._lot.all():
            if one.position == position:
                self._lot.remove(one)
        self._parked.pop(position, None)

    def _take(self, first: int, last: int, number: int = WHOLE) -> None:
        suspect = self._suspect
        meant = suspect is not None and first <= suspect.last and last >= suspect.first
        deaths = suspect.deaths if suspect is not None and meant else 0
        self.held = InHand(first=first, last=last, number=number, deaths=deaths)
        self._note.write(self.held)

    def _let_go(self, error: BaseException | None) -> None:
        held, self.held = self.held, None
        if held is None:
            return
        if error is not None and not isinstance(error, OUTSIDE):
            self._note.write(replace(held, reason=_words(error)))
            return
        self._note.write(InHand())
        if error is None and self._suspect is not None and held.last >= self._suspect.last:
            self._suspect = None


@dataclass(frozen=True, slots=True)
class _Hold:
    """Something is in hand while this block runs."""

    custody: Custody

    def __enter__(self) -> None:
        """Nothing more to do: it was noted."""

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.custody._let_go(error)  # noqa: SLF001 – the other half of Custody.hold


def without_memory(state: State) -> State:
    """Return a state that knows the same names, rules and ledgers, and nothing that was said."""
    fresh = begin(state.classes)
    names = NewNames((0, 0), tuple(state.names.equipment), tuple(state.names.points))
    told: list[Body] = [names, Tick(rate=state.rate)]
    if state.files:
        told.append(RulesChange(state.files))
    told += [LedgerChange(site, snapshot.encode(one)) for site, one in state.ledgers.items()]
    for body in told:
        fresh, _ = step(fresh, body, position=state.position, now=state.now)
    return fresh


def _content(record: Record) -> str:
    """Return a digest of rules or a ledger; empty for what is said once."""
    if record.kind not in {RecordKind.RULES, RecordKind.LEDGER}:
        return ""
    return blake2b(record.payload, digest_size=16).hexdigest()


def _as_line(held: InHand) -> Mapping[str, object]:
    return {"first": held.first, "last": held.last, "deaths": held.deaths, "reason": held.reason}


def _words(error: BaseException) -> str:
    """Return what an exception says, as plain ASCII that fits into the note."""
    text = f"{type(error).__name__}: {error}"[:400]
    return text.encode("ascii", "replace").decode()
