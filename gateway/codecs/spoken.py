"""What a foreign device said, before anybody knows which equipment that is.

Every foreign format ends here: a reader turns bytes into ``Utterance``s in the device's own words,
and the mapping (``gateway.mapping``) gives them equipment, points and units. Nothing here knows a
socket, a clock or the ledger.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias

from gateway.codecs.native.text import Json, read
from gateway.decoded import RawMessage, Rejected
from gengfu.core.clock import Micros
from gengfu.core.naming import Scalar
from gengfu.core.record import RejectReason

MOST_FIELDS = 1_000
"""Fields of one message that are looked at; whatever tells more is no equipment of a building."""
MOST_ELEMENTS = 64
"""Values of one list that can be mapped one by one."""
_DEEPEST = 8
_NESTED = (dict, list)

Value: TypeAlias = Scalar | list[object]
Fields: TypeAlias = Mapping[str, Value]


class Presence(StrEnum):
    """What an utterance says of the device's being there."""

    ONLINE = "online"
    OFFLINE = "offline"
    DEAD = "dead"
    """Offline, and what it said before no longer holds (Sparkplug: every metric STALE)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What one message said of one foreign device."""

    device: str
    """Its name in its own world; the mapping file writes it the same way."""
    fields: Fields = field(default_factory=dict)
    """Flat: a nested object's fields are joined by dots; a list of plain values is one field, whose
    ``elements`` are fields as well."""
    times: Mapping[str, object] = field(default_factory=dict)
    """Fields that have a time of their own."""
    ts: object = None
    """As in native messages: ms since 1970 UTC or ISO 8601; None = the time of receipt."""
    past: frozenset[str] = frozenset()
    """Fields that tell of the past: what they say does not rule the present."""
    presence: Presence | None = None
    below: bool = False
    """The presence is also that of every device whose name begins with this one's and a slash."""
    id: str | None = None
    """The occurrence's own id: what is told again under it is the same."""
    key: str | None = None
    """By what readings are recognised when the message comes again, where a time of its own is
    believed; None = every one is new."""
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    """What an event made of this carries along."""


Spoken: TypeAlias = Sequence[Utterance | Rejected]
"""What a message said, and what of it could not be read; an empty one says nothing."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that a format's rules ask us to send."""

    topic: str
    payload: bytes


class Reader(Protocol):
    """Reads the messages of one format; it may remember what the format's rules ask for."""

    def read(self, message: RawMessage, base: str) -> Spoken:
        """Return what a message said; never raises, for any bytes."""

    def due(self, now: Micros) -> Sequence[Outgoing]:
        """Return what must be sent by now."""

    def reconnected(self) -> None:
        """Note that messages may have been missed."""


@dataclass(frozen=True, slots=True)
class Stateless:
    """A reader of a format that remembers nothing and asks nothing."""

    _read: Callable[[RawMessage, str], Spoken]

    def read(self, message: RawMessage, base: str) -> Spoken:
        return self._read(message, base)

    def due(self, now: Micros) -> Sequence[Outgoing]:
        return ()

    def reconnected(self) -> None:
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One foreign format: how it is called in the mapping file, where it speaks, how it is read."""

    name: str
    base: str
    """The topics' beginning where the installation did not choose another."""
    filters: Callable[[str, str], Sequence[str]]
    """(base, device) → what to subscribe to: topics, or beginnings ending in ``/+`` or ``/#``."""
    open: Callable[[Sequence[str]], Reader]
    """Names of the mapped devices → a reader."""
    vouched_for: Micros = 0
    """How long after its last word a device that is online is believed to be there: its presence is
    kept by a last will or its bridge. 0 = not at all."""
    speaker: str | None = None
    """The bridge on whose presence that of all devices of its base rests."""
    takes_base: Callable[[str], bool] = lambda _base: True
    """Tells whether its topics can begin so."""
    like: str = "NAME"
    """How a device is named, for people; its slashes are checked when ``levels`` says so."""
    levels: tuple[int, ...] = ()
    """How many levels a device's name has; empty = any."""
    takes_device: Callable[[str], bool] = lambda _device: True
    """Tells whether a device can be called so: not as topics that tell of none."""
    anything: Sequence[str]
    """What to subscribe to when looking for devices."""
    orders: Callable[[str, str], Sequence[str]] = lambda _base, _device: ()
    """(base, device) → the topics we write to."""
    recognise: Callable[[str], str | None]
    """The base of a topic that may be of this format; None when it cannot be."""


def below(base: str, topic: str) -> str | None:
    """Return what stands in a topic after its base and a slash."""
    return topic[len(base) + 1 :] if topic.startswith(base + "/") else None


def starts_with(base: str) -> Callable[[str], str | None]:
    """Recognise topics by their usual beginning."""
    return lambda topic: base if below(base, topic) is not None else None


def read_object(message: RawMessage) -> dict[str, object] | Rejected:
    """Read a payload that must be a JSON object."""
    content = read(message.payload)
    if isinstance(content, Rejected | dict):
        return content
    return Rejected(RejectReason.WRONG_SHAPE, "is no JSON object")


def read_loosely(message: RawMessage) -> Json | Rejected:
    """Read JSON, or else plain text: many devices publish a bare ``ON``."""
    content = read(message.payload)
    if isinstance(content, Rejected) and content.reason is RejectReason.MALFORMED_JSON:
        text = message.payload.decode("utf-8", "replace").strip()
        return text if 0 < len(text) <= 64 and text[0] not in '{["' else content
    return content


def flatten(content: object) -> Fields | Rejected:
    """Return an object's fields, nested ones joined by dots; a bare value is the field ``value``.

    What a list holds is called by its number, from 0.
    """
    try:
        found = dict(_walk("", content, _DEEPEST))
    except OverflowError:
        return Rejected(RejectReason.WRONG_SHAPE, f"has more than {MOST_FIELDS} fields")
    return found


def _walk(name: str, content: object, depth: int) -> Iterator[tuple[str, Value]]:
    waiting = [(name, content, depth)]
    found = 0
    while waiting:
        name, content, depth = waiting.pop()
        if isinstance(content, dict) and depth:
            inner = [(f"{name}.{key}" if name else key, one) for key, one in content.items()]
            waiting.extend((key, one, depth - 1) for key, one in reversed(inner))
            found += len(inner)
        elif isinstance(content, list) and depth and any(isinstance(x, _NESTED) for x in content):
            each = [(_numbered(name, n), one) for n, one in enumerate(content)]
            waiting.extend((key, one, depth - 1) for key, one in reversed(each))
            found += len(content)
        else:
            yield name or "value", _value(content)
        if found > MOST_FIELDS:
            raise OverflowError


def elements(name: str, value: Value) -> Iterator[tuple[str, Value]]:
    """Yield the elements of a list as fields of their own; a long one, or an empty one, has none."""
    if isinstance(value, list) and len(value) <= MOST_ELEMENTS:
        for number, one in enumerate(value):
            if one is None or isinstance(one, bool | int | float | str):
                yield _numbered(name, number), one


def _numbered(name: str, number: int) -> str:
    return f"{name}.{number}" if name else str(number)


def _value(content: object) -> Value:
    if content is None or isinstance(content, bool | int | float | str | list):
        return content
    return [content]


_PRESENCE = {
    "online": Presence.ONLINE,
    "true": Presence.ONLINE,
    "offline": Presence.OFFLINE,
    "false": Presence.OFFLINE,
}


def presence_of(device: str, message: RawMessage) -> Spoken:
    """Read a message that says whether a device is there: a word, or an object with a ``state``."""
    if not message.payload:
        return ()  # how a retained one is taken back
    content = read_loosely(message)
    if isinstance(content, Rejected):
        return (content,)
    word = content.get("state") if isinstance(content, dict) else content
    presence = _PRESENCE.get(str(word).lower())
    if presence is None:
        return (Rejected(RejectReason.UNKNOWN_WORD, "is neither online nor offline"),)
    return (Utterance(device=device, presence=presence),)
