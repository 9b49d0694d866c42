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
from gateway.codecs.spoken import Presence, Utterance, Value
from gateway.decoded import Decoded, Heard, RawMessage, Rejected, Rows, UnknownPoint
from gateway.directory import Directory, Slot, Target
from gateway.mapping.model import DeviceMapping, FieldMapping, ToEvent, ToPoint
from gateway.mapping.values import as_text, convert, is_off
from gengfu.core.batch import Event, Flag, Lane, TopicKind
from gengfu.core.identity import Identified
from gengfu.core.record import RejectReason

_ONLINE = "online"
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
) -> Iterator[Decoded]:
    """Yield what an utterance says of each equipment; ``told`` is brought up to date."""
    placing = _Placing(said, device, message, lane, directory, limits, told)
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
    shares: dict[str, _Share | None] = field(default_factory=dict)
    strays: Notes = field(default_factory=Notes)
    """What falls to equipment that the ledger does not have."""

    def take_presence(self) -> None:
        """Say that all of the device's equipment is online, or is not, from receipt on."""
        presence = self.said.presence
        if presence is None:
            return
        if presence is Presence.DEAD:
            self._forget_values()
        if self.device.tells_online and _ONLINE not in self.device.fields:
            here = Observed(self.message.received_at, Flag.RECEIPT_TIME.value, None)
            for equipment in self.device.speaks_for:
                self._add_point(
                    equipment, _ONLINE, here, ToPoint(point=_ONLINE), presence is Presence.ONLINE
                )

    def _forget_values(self) -> None:
        """Make every point of the device known to be missing: what it said no longer holds."""
        here = Observed(self.message.received_at, Flag.RECEIPT_TIME.value, None)
        for one in self.device.fields.values():
            if isinstance(one.becomes, ToPoint) and one.becomes.point != _ONLINE:
                nothing = ToPoint(point=one.becomes.point)
                self._add_point(one.equipment, one.name, here, nothing, None)

    def take_field(self, name: str, value: Value) -> None:
        """Take one field by its mapping; one that has none is kept aside."""
        mapped = self.device.fields.get(name)
        if mapped is None:
            share = self._share(self.device.equipment, name)
            if share is not None:
                share.unknown.append(UnknownPoint(name[:_SHOWN_NAME], scalar(value)))
            return
        observed = self._observe(name)
        if isinstance(mapped.becomes, ToPoint):
            self._add_point(mapped.equipment, name, observed, mapped.becomes, value)
        elif self._occurs(mapped, mapped.becomes, value):
            self._add_event(mapped, mapped.becomes, observed, value)

    def decoded(self) -> Iterator[Decoded]:
        """Yield what was taken, equipment by equipment."""
        at = self.message.received_at
        for share in filter(None, self.shares.values()):
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
            key = self.said.key
            known_by = Identified(equipment, f"content:{key}") if key and target else None
            self.shares[equipment] = (
                _Share(target, Rows(target.index, known_by)) if target is not None else None
            )
        share = self.shares[equipment]
        if share is None:
            detail = f"mapped to {equipment!r}, which is not in the ledger"
            self.strays.reject(name, Rejected(RejectReason.UNKNOWN_DEVICE, detail))
        return share

    def _observe(self, name: str) -> Observed:
        ts = _with_zone(self.said.times.get(name, self.said.ts), self.device.zone)
        message = self.message
        return observe(ts, message.received_at, self.limits.belief, retained=message.retained)

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

    def _occurs(self, mapped: FieldMapping, becomes: ToEvent, value: Value) -> bool:
        """Tell whether a value is an occurrence: now, and not just still.

        A text is an action, told each time it is done; a boolean or number is a state, and what
        counts is that it becomes so. What the broker has kept does not count as told: it may have
        become so while nobody listened.
        """
        text = as_text(value)
        so = text in becomes.when if becomes.when else not is_off(text)
        place = (self.device.format, self.device.base, self.device.device, mapped.name)
        before, self.told[place] = self.told.get(place, False), so and not self.message.retained
        every = isinstance(value, str) if becomes.every is None else becomes.every
        return so and (every or not before)

    def _add_event(
        self, mapped: FieldMapping, becomes: ToEvent, observed: Observed, value: Value
    ) -> None:
        share = self._share(mapped.equipment, mapped.name)
        if share is None:
            return
        id_ = as_id(f"{self.said.id}:{mapped.name}") if self.said.id else None
        known_by = self._identity(mapped, id_, value)
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
            attributes={**self.said.attributes, **becomes.attributes, mapped.name: scalar(value)},
        )
        share.events.append(Heard(event, known_by))

    def _identity(self, mapped: FieldMapping, id_: str | None, value: Value) -> Identified | None:
        """Return by what an event is recognised: its id, or its content with its own time."""
        if id_ is not None:
            return Identified(mapped.equipment, id_)
        ts = self.said.times.get(mapped.name, self.said.ts)
        if ts is None:
            return None
        known = (self.device.format, self.device.device, mapped.name, as_text(value), str(ts))
        digest = blake2b(msgspec.json.encode(known), digest_size=16).hexdigest()
        return Identified(mapped.equipment, f"content:{digest}")


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
