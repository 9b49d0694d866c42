"""Who is there, and who is there though it says nothing.

An equipment may have several foreign devices; it is online when all that tell of it are, and one that
is away makes it offline. Many devices speak only when something changes; that they are there is kept
by a last will or by their bridge. Our rules take silence for absence, so it is said for them, as
often as their class wants to hear something: as long as they are online, their bridge is, and they
said something themselves not too long ago (a broker that crashed may have kept an ``online`` for a
dead device).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.codecs.spoken import Presence
from gateway.mapping.model import DeviceMapping
from gengfu.core.clock import SECOND, Micros

Key: TypeAlias = tuple[str, str, str]
"""(format, base, device)"""

_BEATS = 3
"""How often in the time after which its class takes an equipment for silent."""
_ALL_KEPT: Micros = 5 * SECOND
"""When all that the broker has kept of an equipment was heard."""


@dataclass(slots=True)
class Presences:
    """Which mapped devices are online by their last word, and when each was heard last."""

    _tellers: dict[str, list[Key]] = field(default_factory=dict)
    """Equipment → the devices that tell whether it is there."""
    _heard: dict[Key, Micros | None] = field(default_factory=dict)
    """Of those that said that they are online; None = it has to be said anew."""
    _away: set[Key] = field(default_factory=set)
    """Of those that said that they are not."""
    _denied: set[tuple[Key, str]] = field(default_factory=set)
    """Who said in a field of its own of which equipment that it is not there."""
    _mute: set[tuple[str, str]] = field(default_factory=set)
    """(format, base) whose bridge said that it goes."""
    _told: dict[str, Micros] = field(default_factory=dict)
    """Equipment → when we last said, or heard, anything of it."""
    _owed: dict[str, Micros] = field(default_factory=dict)
    """Equipment that was kept as being there → since when it has to be said."""

    def use(self, devices: Mapping[Key, DeviceMapping]) -> None:
        """Go on with the devices of another mapping; what is known of those that stay is kept."""
        self._tellers.clear()
        for key, device in devices.items():
            for equipment in device.speaks_for if device.tells_online else device.tells_in_fields:
                self._tellers.setdefault(equipment, []).append(key)
        self._heard = {key: at for key, at in self._heard.items() if key in devices}
        self._away &= devices.keys()
        self._denied = {one for one in self._denied if one[0] in devices}
        self._mute &= {key[:2] for key in devices}
        self._told = {key: at for key, at in self._told.items() if key in self._tellers}
        self._owed = {key: at for key, at in self._owed.items() if key in self._tellers}

    def note(
        self,
        device: DeviceMapping,
        presence: Presence | None,
        at: Micros,
        *,
        vouched: bool,
        retained: bool,
    ) -> None:
        """Take in that a mapped device spoke, and what it said of its being there.

        What the broker has kept does not make it heard anew, and if it is news it is said when all
        that was kept has been heard: its bridge, or another device, may be away. Of whom nobody
        vouches for, only that it is away is remembered.
        """
        key = device.key
        before = self._heard.get(key)
        if presence is None:
            if before is not None and not retained:
                self._heard[key] = at
            return
        if presence is not Presence.ONLINE:
            self._heard.pop(key, None)
            self._away.add(key)
            return
        self._away.discard(key)
        if vouched:
            self._heard[key] = before if retained and before is not None else at
            if retained and before is None:
                self._owed.update(dict.fromkeys(device.speaks_for, at))

    def note_field(self, key: Key, equipment: str, *, online: bool) -> None:
        """Take in what a device said in a field of its own of one equipment's being there."""
        (self._denied.discard if online else self._denied.add)((key, equipment))

    def note_bridge(self, base: tuple[str, str], *, online: bool) -> Iterable[Key]:
        """Take in that a bridge goes or is back; return whose being there that changes.

        These are its devices that are online by their own last word: of the others it proves nothing
        new, and what it took away it could not give back.
        """
        if online is (base not in self._mute):
            return ()
        (self._mute.discard if online else self._mute.add)(base)
        return [key for key in self._heard if key[:2] == base]

    def is_there(self, equipment: str) -> bool:
        """Tell whether nobody who tells of an equipment is away."""
        return not any(
            key in self._away
            or (key, equipment) in self._denied
            or (key[:2] in self._mute and key in self._heard)
            for key in self._tellers.get(equipment, ())
        )

    def is_vouched(self, key: Key) -> bool:
        """Tell whether it is said for a device that it is there, while it is."""
        return key in self._heard

    def heard(self, equipment: str, at: Micros) -> None:
        """Note that an equipment needs nobody to speak for it now."""
        self._told[equipment] = at

    def forget(self, form: str) -> None:
        """Vouch for nobody of a format until it says anew that it is online."""
        self._heard.update({key: None for key in self._heard if key[0] == form})

    def quiet(
        self,
        now: Micros,
        vouched_for: Callable[[str], Micros],
        patience: Callable[[str], Micros | None],
    ) -> Iterator[str]:
        """Yield the equipment for which it must be said, now, that it is there.

        ``vouched_for`` a format is how long its devices' word counts, ``patience`` how long an
        equipment may be silent (None = it does not exist).
        """
        for equipment, keys in self._tellers.items():
            here = [(key[0], self._heard[key]) for key in keys if key in self._heard]
            fresh = all(at is not None and now - at <= vouched_for(form) for form, at in here)
            if not here or not fresh or not self.is_there(equipment):
                continue
            silence, owed_at = patience(equipment), self._owed.get(equipment)
            if silence is None:
                continue
            if owed_at is not None:
                is_due = now - owed_at >= _ALL_KEPT
            else:
                is_due = now - self._told.get(equipment, 0) >= silence // _BEATS
            if is_due:
                self._owed.pop(equipment, None)
                self._told[equipment] = now
                yield equipment
