"""Who is there though it says nothing.

Many foreign devices speak only when something changes; that they are there is kept by a last will or
by their bridge. Our rules take silence for absence, so it is said for them, as often as their class
wants to hear something: as long as they are online, their bridge is, and they said something
themselves not too long ago (a broker that crashed may have kept an ``online`` for a dead device).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.codecs.spoken import Format, Presence, Utterance
from gateway.mapping.model import DeviceMapping
from gengfu.core.clock import Micros

Key: TypeAlias = tuple[str, str, str]
"""(format, base, device)"""

_BEATS = 3
"""How often in the time after which its class takes an equipment for silent."""


@dataclass(slots=True)
class Presences:
    """Which devices are online by their last word, and when each was heard last."""

    _heard: dict[Key, Micros] = field(default_factory=dict)
    """Of those that are online."""
    _away: set[tuple[str, str]] = field(default_factory=set)
    """(format, base) whose bridge said that it goes."""
    _told: dict[str, Micros] = field(default_factory=dict)
    """Equipment → when we last said, or heard, anything of it."""

    def note(
        self, key: Key, said: Utterance, form: Format, at: Micros, *, retained: bool = False
    ) -> None:
        """Take in what a device said; what the broker has kept does not make it heard anew."""
        if said.device == form.speaker and said.presence is not None:
            (self._away.discard if said.presence is Presence.ONLINE else self._away.add)(key[:2])
        if said.presence is Presence.ONLINE or (said.presence is None and key in self._heard):
            self._heard[key] = self._heard.get(key, at) if retained else at
        elif said.presence is not None:
            self._leave(key, below=said.below)

    def _leave(self, key: Key, *, below: bool) -> None:
        self._heard.pop(key, None)
        if below:
            start = key[2] + "/"
            for one in [one for one in self._heard if one[:2] == key[:2]]:
                if one[2].startswith(start):
                    del self._heard[one]

    def heard(self, equipment: str, at: Micros) -> None:
        """Note that an equipment needs nobody to speak for it now."""
        self._told[equipment] = at

    def forget(self, form: str) -> None:
        """Believe nobody of a format to be online until it says so again."""
        for key in [key for key in self._heard if key[0] == form]:
            del self._heard[key]

    def quiet(
        self,
        now: Micros,
        devices: Mapping[Key, DeviceMapping],
        vouched_for: Callable[[str], Micros],
        patience: Callable[[str], Micros | None],
    ) -> Iterator[str]:
        """Yield the equipment for which it must be said, now, that it is there.

        ``vouched_for`` a format is how long its devices' word counts, ``patience`` how long an
        equipment may be silent (None = it does not exist).
        """
        for key, heard_at in self._heard.items():
            device = devices.get(key)
            if device is None or not device.tells_online or key[:2] in self._away:
                continue
            if now - heard_at > vouched_for(key[0]):
                continue
            for equipment in device.speaks_for:
                silence = patience(equipment)
                if silence is not None and now - self._told.get(equipment, 0) >= silence // _BEATS:
                    self._told[equipment] = now
                    yield equipment
