"""One utterance of one mapped device, as readings and events of the equipment it speaks for."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from gateway import topics
from gateway.codecs.native.identity import as_id
from gateway.codecs.native.message import Limits
from gateway.codecs.native.notes import Notes
from gateway.codecs.native.times import Observed, observe
from gateway.codecs.native.values import scalar
from gateway.codecs.spoken import Presence, Utterance, Value, elements
from gateway.decoded import Decoded, Heard, RawMessage, Rejected, Rows, UnknownPoint
from gateway.directory import Directory, Slot, Target
from gateway.mapping.model import ONLINE, DeviceMapping, FieldMapping, ToEvent, ToPoint
from gateway.mapping.presence import Presences
from gateway.mapping.values import as_text, convert, is_action, occurs
from gengfu.core.batch import Event, Flag, Lane, TopicKind
from gengfu.core.identity import Identified
from gengfu.core.naming import Scalar
from gengfu.core.record import RejectReason

_SHOWN_NAME = 64

Told: TypeAlias = dict[tuple[str, str, str, str], bool]
"""(format, base, device, field) → whether its last value made an event."""


def place(
    said: Utterance,
    device: DeviceMapping,
    message: RawMessage,
    lane: Lane,
    directory: Directory,
    limits: Limits,
    told: Told,
    presences: Presences,
) -> Iterator[Decoded]:
    """Yield what an utterance says of each equipment; ``told`` is brought up to date."""
    placing = _Placing(said, device, message, lane, directory, limits, told, presences)
    placing.take_presence()
    for name, value in said.fields.items():
        placing.take_field(name, value)
    yield from placing.decoded()


def place_unmapped(said: Utterance, message: RawMessage) -> Iterator[Decoded]:
    """Yield the values of a device that the mapping does not have: counted and kept aside."""
    unknown = tuple(
        UnknownPoint(f"{said.device} {name}"[:_SHOWN_NAME], scalar(value))
        for name, value in said.fields.items()
    )
    if unknown:
        yield Decoded(site=None, received_at=message.received_at, unknown=unknown)


@dataclass(slots=True)
class _Share:
    """What falls to one equipment."""

    target: Target
    rows: Rows
    events: list[Heard] = field(default_factory=list)
    unknown: list[UnknownPoint] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)


@dataclass(slots=True)
class _Placing:
    said: Utterance
    device: DeviceMapping
    message: RawMessage
    lane: Lane
    directory: Directory
    limits: Limits
    told: Told
    presences: Presences
    is_dated: bool = False
    """A time of its own was believed."""
    shares: dict[str, _Share | None] = field(default_factory=dict)
    strays: Notes = field(default_factory=Notes)
    """What falls to equipment that the ledger does not have."""

    def take_presence(self) -> None:
        """Say whether the device's equipment is online, from receipt on."""
        presence = self.said.presence
        if presence is None:
            return
        if presence is Presence.DEAD:
            self._forget_values()
        if presence is not Presence.ONLINE:  # what is unknown may become so again
            for name in self.device.fields:
                self.told.pop((*self.device.key, name), None)
        if self.device.tells_online:
            own = self.device.tells_in_fields if presence is Presence.ONLINE else ()
            for equipment in self.device.speaks_for:
                if equipment not in own:
                    self._tell_online(equipment)

    def _tell_online(self, equipment: str) -> None:
        """Say whether an equipment is there by now; that it was, as the broker kept it, can wait."""
        is_there = self.presences.is_there(equipment)
        is_kept = self.message.retained and self.said.device == self.device.device
        if not (is_there and is_kept and self.presences.is_vouched(self.device.key)):
            here = Observed(self.message.received_at, Flag.RECEIPT_TIME.value, None)
            self._add_point(equipment, ONLINE, here, ToPoint(point=ONLINE), is_there)

    def _forget_values(self) -> None:
        """Make every point of the device known to be missing: what it said no longer holds."""
        here = Observed(self.message.received_at, Flag.RECEIPT_TIME.value, None)
        for one in self.device.fields.values():
            if isinstance(one.becomes, ToPoint) and one.becomes.point != ONLINE:
                nothing = ToPoint(point=one.becomes.point)
                self._add_point(one.equipment, one.name, here, nothing, None)

    def take_field(self, name: str, value: Value) -> None:
        """Take one field by its mapping; one that has none is kept aside."""
        mapped = self.device.fields.get(name)
        inner = tuple(elements(name, value))
        for one, element in inner:
            if mapped is None or one in self.device.fields:
                self.take_field(one, element)
        if mapped is None and not inner:
            self._keep_aside(self.device.equipment, name, value)
        if mapped is None:
            return
        observed = self._observe(name)
        if isinstance(mapped.becomes, ToEvent):
            self._take_state(mapped, mapped.becomes, observed, value)
        elif mapped.becomes.point == ONLINE:
            self._take_online(mapped, mapped.becomes, observed, value)
        else:
            self._add_point(mapped.equipment, name, observed, mapped.becomes, value)

    def _keep_aside(self, equipment: str, name: str, value: Value) -> None:
        share = self._share(equipment, name)
        if share is not None:
            share.unknown.append(UnknownPoint(name[:_SHOWN_NAME], scalar(value)))

    def _take_online(
        self, mapped: FieldMapping, becomes: ToPoint, observed: Observed, value: Value
    ) -> None:
        """Take a field that says whether an equipment is there; others may know better."""
        share = self._share(mapped.equipment, mapped.name)
        slot = share.target.slots.get(ONLINE) if share is not None else None
        taken = convert(becomes, slot, value) if slot is not None else math.nan
        if isinstance(taken, float) and not math.isnan(taken) and mapped.name not in self.said.past:
            self.presences.note_field(self.device.key, mapped.equipment, online=taken != 0)
            value, becomes = self.presences.is_there(mapped.equipment), ToPoint(point=ONLINE)
        self._add_point(mapped.equipment, mapped.name, observed, becomes, value)

    def decoded(self) -> Iterator[Decoded]:
        """Yield what was taken, equipment by equipment.

        Readings are recognised by what was said only when a believed time is part of it: a device
        without a clock may say the same again.
        """
        at = self.message.received_at
        key = f"content:{self.said.key}" if self.said.key and self.is_dated else None
        for share in filter(None, self.shares.values()):
            known_by = Identified(share.target.equipment, key) if key else None
            share.rows.identity = known_by
            yield Decoded(
                site=share.target.site,
                equipment=share.target.equipment,
                equipment_class=share.target.equipment_class,
                received_at=at,
                readings=(share.rows,) if share.rows.value else (),
                events=tuple(share.events),
                unknown=tuple(share.unknown),
                rejections=share.notes.letters(self.message),
            )
        strays = self.strays.letters(self.message)
        if strays:
            yield Decoded(site=None, received_at=at, rejections=strays)

    def _share(self, equipment: str, name: str) -> _Share | None:
        """Return an equipment's share; None (and a dead letter's line) when there is none."""
        if equipment not in self.shares:
            target = _target(self.directory, equipment)
            self.shares[equipment] = (
                _Share(target, Rows(target.index, None)) if target is not None else None
            )
        share = self.shares[equipment]
        if share is None:
            detail = f"mapped to {equipment!r}, which is not in the ledger"
            self.strays.reject(name, Rejected(RejectReason.UNKNOWN_DEVICE, detail))
        return share

    def _observe(self, name: str) -> Observed:
        ts = _with_zone(self.said.times.get(name, self.said.ts), self.device.zone)
        message = self.message
        found = observe(ts, message.received_at, self.limits.belief, retained=message.retained)
        self.is_dated |= found.is_believed
        return found

    def _add_point(
        self, equipment: str, name: str, observed: Observed, becomes: ToPoint, value: Value
    ) -> None:
        share = self._share(equipment, name)
        if share is None:
            return
        slot = share.target.slots.get(becomes.point)
        if slot is None:
            share.unknown.append(UnknownPoint(becomes.point[:_SHOWN_NAME], scalar(value)))
            return
        taken = convert(becomes, slot, value)
        if isinstance(taken, Rejected):
            share.notes.reject(name, taken)
        else:
            self._add_row(share.rows, slot, observed, taken)

    def _add_row(self, rows: Rows, slot: Slot, observed: Observed, taken: float | str) -> None:
        row = len(rows.value)
        if isinstance(taken, str):
            rows.texts.append((row, taken))
            taken = 0.0
        if observed.claimed is not None:
            rows.claimed.append((row, observed.claimed))
        flags = observed.flags | (Flag.VITAL.value if self.lane is Lane.ALARM else 0)
        flags |= Flag.RETAINED.value if self.message.retained else 0
        rows.point.append(slot.index)
        rows.observed_at.append(observed.at)
        rows.value.append(taken)
        rows.flags.append(flags | (Flag.NULL.value if math.isnan(taken) else 0))

    def _take_state(
        self, mapped: FieldMapping, becomes: ToEvent, observed: Observed, value: Value
    ) -> None:
        """Make an event of a value that is an occurrence: now, and not just still.

        An action is told each time it is done; of a state it counts that it becomes so. Neither what
        the broker has kept nor what is told of the past makes the present known: it may have become
        so while nobody listened. What the mapping does not name is counted, for it may be mistyped.
        """
        so = occurs(becomes, value)
        if isinstance(so, Rejected):
            share = self._share(mapped.equipment, mapped.name)
            if share is not None:
                share.notes.reject(mapped.name, so)
            return
        if so is None:
            self._keep_aside(mapped.equipment, mapped.name, value)
        place = (*self.device.key, mapped.name)
        before = self.told.get(place, False)
        if mapped.name not in self.said.past:
            self.told[place] = bool(so) and (before or not self.message.retained)
        every = is_action(value) if becomes.every is None else becomes.every
        if so and (every or not before):
            self._add_event(mapped, becomes, observed, value)

    def _add_event(
        self, mapped: FieldMapping, becomes: ToEvent, observed: Observed, value: Value
    ) -> None:
        share = self._share(mapped.equipment, mapped.name)
        if share is None:
            return
        id_ = as_id(f"{self.said.id}:{mapped.name}") if self.said.id else None
        known_by = self._identity(mapped, id_, observed, value)
        old = self.message.retained and known_by is None
        event = Event(
            equipment=share.target.index,
            type=becomes.type,
            part=becomes.part,
            id=id_,
            observed_at=observed.at,
            received_at=self.message.received_at,
            claimed_at=observed.claimed,
            flags=observed.flags | (Flag.RETAINED.value if old else 0),
            attributes={
                **self.said.attributes,
                **becomes.attributes,
                mapped.name: _told_value(value),
            },
        )
        share.events.append(Heard(event, known_by))

    def _identity(
        self, mapped: FieldMapping, id_: str | None, observed: Observed, value: Value
    ) -> Identified | None:
        """Return by what an event is recognised: its id, or its content with its believed time."""
        if id_ is not None:
            return Identified(mapped.equipment, id_)
        if not observed.is_believed:
            return None
        ts = self.said.times.get(mapped.name, self.said.ts)
        known = (*self.device.key, mapped.name, repr(value), str(ts))
        digest = blake2b(msgspec.json.encode(known), digest_size=16).hexdigest()
        return Identified(mapped.equipment, f"content:{digest}")


def _told_value(value: Value) -> Scalar:
    """Return what an event tells of its value; a list's elements in a row."""
    return scalar(", ".join(map(as_text, value)) if isinstance(value, list) else value)


def _target(directory: Directory, equipment: str) -> Target | None:
    name = directory.equipment.get(equipment)
    if name is None:
        return None
    found = directory.find(topics.up(name.site, equipment, TopicKind.VITAL, directory.root))
    return None if isinstance(found, Rejected) else found


def _with_zone(ts: object, zone: str | None) -> object:
    """Return a time with its zone; one that names none and is given none is no time."""
    if not isinstance(ts, str):
        return ts
    try:
        moment = datetime.fromisoformat(ts)
    except ValueError:
        return ts
    if moment.tzinfo is not None:
        return ts
    return moment.replace(tzinfo=ZoneInfo(zone)).isoformat() if zone else None
