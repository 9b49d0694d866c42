"""Foreign messages become what native ones are: readings and events of equipment.

It routes a topic to its format's reader and places what was said by the mapping. It remembers the
last value of fields that become events, and whatever a format's own rules make its reader remember;
it knows neither a socket nor a clock, and lives in the journal's worker thread.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway import topics
from gateway.codecs.formats import FORMATS
from gateway.codecs.native.message import Limits
from gateway.codecs.native.notes import Notes, letter
from gateway.codecs.spoken import Outgoing, Presence, Reader, Stateless, Utterance
from gateway.decoded import Decoded, RawMessage, Rejected
from gateway.directory import Directory
from gateway.mapping.model import DeviceMapping, ForeignMapping, ToEvent
from gateway.mapping.placing import Told, place, place_unmapped
from gateway.mapping.presence import Presences
from gengfu.core.batch import Lane, TopicKind
from gengfu.core.clock import Micros
from gengfu.core.record import RejectReason
from gengfu.ledger.model import EquipmentClass


@dataclass(frozen=True, slots=True)
class Route:
    """To which format's reader a topic's messages go, and in which lane they come."""

    format: str
    base: str
    lane: Lane


class Interpreter:
    """The mapping at work."""

    def __init__(self, mapping: ForeignMapping, vital: frozenset[str]) -> None:
        """Prepare; ``vital`` are the points whose readings belong into the alarm lane."""
        self._devices = {one.key: one for one in mapping.devices}
        self._routes: dict[str, Route] = {}
        """By a whole topic."""
        self._starts: dict[str, Route] = {}
        """By a topic's beginning, whatever levels follow."""
        self._filters: dict[str, Lane] = {}
        for device in mapping.devices:
            self._add_route(device, _lane(device, vital))
        named: dict[str, list[str]] = {}
        for device in mapping.devices:
            named.setdefault(device.format, []).append(device.device)
        self._named = named
        self._readers = {name: FORMATS[name].open(devices) for name, devices in named.items()}
        self._told: Told = {}
        self._presences = Presences()
        self._presences.use(self._devices)

    def inherit(self, old: "Interpreter") -> None:
        """Take over what an earlier mapping's interpreter remembers of the devices that stay.

        A format's reader goes on when its devices are the same; else it begins anew, and asks for
        what it has to know (Sparkplug: births).
        """
        self._presences = old._presences  # noqa: SLF001 – of the same class
        self._presences.use(self._devices)
        for (form, base, device, name), told in old._told.items():  # noqa: SLF001
            known = self._devices.get((form, base, device))
            if known is not None and name in known.fields:
                self._told[form, base, device, name] = told
        for form, reader in old._readers.items():  # noqa: SLF001
            if self._named.get(form) == old._named[form]:  # noqa: SLF001
                self._readers[form] = reader

    def filters(self, lane: Lane) -> tuple[str, ...]:
        """Return the topic filters that a lane's session subscribes to."""
        return tuple(topic for topic, one in self._filters.items() if one is lane)

    def knows(self, topic: str) -> bool:
        """Tell whether a topic is one that the mapping asked for."""
        return self.route(topic) is not None

    def wants(self, topic: str, lane: Lane, root: str) -> bool:
        """Tell whether a lane has any use for a topic; our own and the broker's are not judged."""
        if topic.startswith((root + "/", "$")):
            return True
        found = self.route(topic)
        return found is not None and found.lane is lane

    def route(self, topic: str) -> Route | None:
        """Return where a topic's messages go; None when the mapping knows nothing of it."""
        found = self._routes.get(topic)
        while found is None and "/" in topic:
            topic = topic.rpartition("/")[0]
            found = self._starts.get(topic)
        return found

    def decode(
        self, message: RawMessage, directory: Directory, limits: Limits
    ) -> tuple[Decoded, ...]:
        """Turn a foreign message into what it says of each equipment."""
        route = self.route(message.topic)
        if route is None:
            return (_rejected(message, Rejected(RejectReason.BAD_TOPIC, "is not in the mapping")),)
        if len(message.payload) > limits.payload:
            detail = f"{len(message.payload)} bytes are more than {limits.payload}"
            return (_rejected(message, Rejected(RejectReason.OVERSIZE, detail)),)
        decoded: list[Decoded] = []
        notes = Notes()  # one dead letter for each reason, however many parts were unreadable
        for said in self._reader(route).read(message, route.base):
            if isinstance(said, Rejected):
                notes.reject("", said)
            else:
                decoded.extend(self._place(route, said, message, directory, limits))
        letters = notes.letters(message)
        if letters:
            at = message.received_at
            decoded.append(Decoded(site=None, received_at=at, rejections=letters))
        return tuple(decoded)

    def _place(
        self,
        route: Route,
        said: Utterance,
        message: RawMessage,
        directory: Directory,
        limits: Limits,
    ) -> Iterator[Decoded]:
        """Yield what an utterance says of each equipment that it concerns."""
        for device, utterance in self._concerned(route, said, message):
            if device is None:
                yield from place_unmapped(utterance, message)
                continue
            told, presences = self._told, self._presences
            for one in place(
                utterance, device, message, route.lane, directory, limits, told, presences
            ):
                if one.equipment is not None and (one.readings or one.events):
                    presences.heard(one.equipment, message.received_at)
                yield one

    def due(self, now: Micros) -> Sequence[Outgoing]:
        """Return what the formats' rules ask us to send by now."""
        return [one for reader in self._readers.values() for one in reader.due(now)]

    def reconnected(self) -> None:
        """Note that messages may have been missed: births that were heard are heard again."""
        for name, reader in self._readers.items():
            if not isinstance(reader, Stateless):
                self._presences.forget(name)
                reader.reconnected()

    def quiet(
        self, now: Micros, directory: Directory, silent_after: Mapping[str, Micros]
    ) -> tuple[str, ...]:
        """Return the topics on which it must be said for equipment, now, that it is there.

        ``silent_after`` is how long equipment of each class may be silent.
        """

        def patience(equipment: str) -> Micros | None:
            name = directory.equipment.get(equipment)
            return None if name is None else silent_after.get(name.equipment_class)

        quiet = self._presences.quiet(now, lambda form: FORMATS[form].vouched_for, patience)
        return tuple(
            topics.up(directory.equipment[one].site, one, TopicKind.STATUS, directory.root)
            for one in quiet
        )

    def _reader(self, route: Route) -> Reader:
        return self._readers[route.format]

    def _concerned(
        self, route: Route, said: Utterance, message: RawMessage
    ) -> Iterator[tuple[DeviceMapping | None, Utterance]]:
        """Yield whom an utterance is about, when it is noted who is there by now.

        That is its device, those below when it says so, and when it is a bridge's, who rests on it.
        """
        base, form = (route.format, route.base), FORMATS[route.format]
        own = self._devices.get((*base, said.device))
        heirs = Utterance(device=said.device, presence=said.presence, key=said.key)
        each = [(own, said)] if own is not None or said.fields else []
        if said.below:
            start = said.device + "/"
            each += [
                (device, heirs)
                for key, device in self._devices.items()
                if key[:2] == base and device.device.startswith(start)
            ]
        for device, one in each:
            if device is not None:
                self._presences.note(
                    device,
                    one.presence,
                    message.received_at,
                    vouched=form.vouched_for > 0,
                    retained=message.retained,
                )
        if said.device == form.speaker and said.presence is not None:
            online = said.presence is Presence.ONLINE
            each += [
                (self._devices[key], heirs)
                for key in self._presences.note_bridge(base, online=online)
                if key[2] != said.device
            ]
        yield from each

    def _add_route(self, device: DeviceMapping, lane: Lane) -> None:
        """Listen for a device; what several share comes by the alarm lane when one needs it."""
        for topic in FORMATS[device.format].filters(device.base, device.device):
            shared = self._filters.get(topic)
            one = Lane.ALARM if Lane.ALARM in (shared, lane) else lane
            self._filters[topic] = one
            start = topic.removesuffix("/#").removesuffix("/+")
            routes = self._routes if start == topic else self._starts
            routes[start] = Route(device.format, device.base, one)


def possible_filters(topic: str) -> tuple[str, ...]:
    """Return every filter of ours by which a topic can have been asked for."""
    levels = topic.split("/")
    starts = ["/".join(levels[:length]) for length in range(1, len(levels) + 1)]
    return (topic, *(f"{start}/{wild}" for start in starts for wild in "+#"))


def vital_points(classes: Mapping[str, EquipmentClass]) -> frozenset[str]:
    """Return the names of points that any class calls vital."""
    return frozenset(
        point.name for one in classes.values() for point in one.points.values() if point.vital
    )


def _lane(device: DeviceMapping, vital: frozenset[str]) -> Lane:
    if device.lane is not None:
        return device.lane
    urgent = not device.fields or any(
        isinstance(one.becomes, ToEvent) or one.becomes.point in vital
        for one in device.fields.values()
    )
    return Lane.ALARM if urgent else Lane.TELEMETRY


def _rejected(message: RawMessage, rejected: Rejected) -> Decoded:
    return Decoded(
        site=None, received_at=message.received_at, rejections=(letter(message, rejected),)
    )
