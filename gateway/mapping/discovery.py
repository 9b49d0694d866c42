"""What speaks on a broker and is not mapped yet, and the lines that would map it.

Plain code: whoever listens hands the messages in and subscribes to what ``filters`` says, which may
grow as devices announce where else they speak.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from gateway import topics
from gateway.codecs.formats import FORMATS
from gateway.codecs.homeassistant.announcement import PREFIX, Announced, read_announcement
from gateway.codecs.native.text import read as read_json
from gateway.codecs.native.values import scalar
from gateway.codecs.spoken import Fields, Format, Reader, Utterance, elements, flatten
from gateway.codecs.topic.format import TOPIC
from gateway.decoded import RawMessage, Rejected
from gateway.mapping.model import ForeignMapping
from gengfu.core.naming import Scalar, is_slug
from gengfu.core.record import RejectReason
from gengfu.ledger.model import EquipmentClass, SiteLedger

MOST_DEVICES = 5_000
MOST_FIELDS = 200
NATIVE = "native"
_PLAIN = re.compile(r"[A-Za-z\u4e00-\u9fff][\w./\u4e00-\u9fff-]*")
_YAML_WORDS = frozenset({"on", "off", "yes", "no", "y", "n", "true", "false", "null"})


@dataclass(slots=True, kw_only=True)
class Found:
    """A device that is not mapped."""

    format: str
    base: str
    device: str
    messages: int = 0
    values: dict[str, Scalar] = field(default_factory=dict)
    """Field → its last value."""
    called: str = ""
    """As the device announces itself."""
    units: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """How a device could be mapped; what could not be guessed is left open."""

    equipment: str | None
    points: Mapping[str, str]
    """Field → point."""
    lines: str
    """For the mapping file."""


class Discovery:
    """Listens to everything that any format understands."""

    def __init__(
        self,
        mapping: ForeignMapping,
        ledgers: Iterable[SiteLedger],
        root: str = topics.DEFAULT_ROOT,
    ) -> None:
        self.overflow = 0
        """Messages of devices that no longer found room."""
        self.refused: dict[str, None] = {}
        """What announced topics were not listened to, and why."""
        self._mapped = {(one.format, one.base, one.device) for one in mapping.devices}
        self._classes = {
            one.id: one.equipment_class for ledger in ledgers for one in ledger.equipment.values()
        }
        self._root = root
        self._found: dict[tuple[str, str, str], Found] = {}
        self._announced: dict[str, list[Announced]] = {}
        self._readers: dict[str, Reader] = {name: one.open(()) for name, one in FORMATS.items()}

    def usual(self) -> tuple[str, ...]:
        """Return where devices are looked for; those that speak elsewhere must be announced."""
        known = (topic for one in FORMATS.values() for topic in one.anything)
        return (f"{self._root}/+/+/up/#", f"{PREFIX}/#", *known)

    def filters(self) -> tuple[str, ...]:
        """Return what to subscribe to by now."""
        return (*self.usual(), *self._announced)

    def hear(self, message: RawMessage) -> None:
        """Take note of a message."""
        topic = message.topic
        if topic.startswith(self._root + "/"):
            self._hear_native(message)
        elif topic.startswith(PREFIX + "/"):
            self._hear_announcement(message)
        else:
            for form in FORMATS.values():
                base = form.recognise(topic)
                if base is not None:
                    self._hear_foreign(form, base, message)
                    return
            if topic in self._announced:
                self._hear_foreign(TOPIC, "", message)

    def found(self) -> Sequence[Found]:
        """Return the devices that told values, by format and name."""
        with_values = [one for one in self._found.values() if one.values]
        for one in with_values:
            self._describe(one)
        return sorted(with_values, key=lambda one: (one.format, one.base, one.device))

    def propose(self, found: Found, classes: Mapping[str, EquipmentClass]) -> Proposal:
        """Return the lines that would map a device: guesses by name, the rest left open."""
        equipment = self._guess_equipment(found)
        kind = classes.get(self._classes.get(equipment or "", ""))
        points = _guess_points(found.values, kind) if kind is not None else {}
        return Proposal(
            equipment=equipment, points=points, lines="\n".join(_lines(found, equipment, points))
        )

    def _hear_native(self, message: RawMessage) -> None:
        """Note a device that speaks our own language but is not in the ledger."""
        levels = message.topic.removeprefix(self._root + "/").split("/")
        if len(levels) < 4 or levels[1] in self._classes or not is_slug(levels[1]):
            return
        content = read_json(message.payload)
        document = content[-1] if isinstance(content, list) and content else content
        points = document.get("points", document) if isinstance(document, dict) else {}
        fields = flatten(points)
        if isinstance(points, dict) and not isinstance(fields, Rejected):
            self._note(NATIVE, "", f"{levels[0]}/{levels[1]}", fields)

    def _hear_announcement(self, message: RawMessage) -> None:
        for one in read_announcement(message):
            if isinstance(one, Rejected):
                if one.reason is RejectReason.BAD_TOPIC and len(self.refused) < MOST_FIELDS:
                    self.refused[f"{_plain(message.topic)} {one.detail}"] = None
            elif len(self._announced) < MOST_DEVICES or one.topic in self._announced:
                known = self._announced.setdefault(one.topic, [])
                if one not in known and len(known) < MOST_FIELDS:
                    known.append(one)

    def _hear_foreign(self, form: Format, base: str, message: RawMessage) -> None:
        for said in self._readers[form.name].read(message, base):
            if isinstance(said, Utterance):
                self._note(form.name, base, said.device, said.fields)

    def _note(self, form: str, base: str, device: str, fields: Fields) -> None:
        key = (form, base, device)
        if key in self._mapped:
            return
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= MOST_DEVICES:
                self.overflow += 1
                return
            found = self._found[key] = Found(format=form, base=base, device=device)
        found.messages += 1
        for whole, content in fields.items():
            for name, value in tuple(elements(whole, content)) or ((whole, content),):
                if name in found.values or len(found.values) < MOST_FIELDS:
                    found.values[name] = scalar(value)

    def _describe(self, found: Found) -> None:
        """Add what the device announced of itself."""
        form = FORMATS.get(found.format)
        for topic in form.filters(found.base, found.device) if form is not None else ():
            for one in self._announced.get(topic, ()):
                found.called = one.device
                if one.field in found.values and one.unit:
                    found.units[one.field] = one.unit

    def _guess_equipment(self, found: Found) -> str | None:
        """Return the equipment whose id is most like the device's name."""
        if found.format == NATIVE:
            return None
        for name in (found.device, found.called):
            slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
            close = get_close_matches(slug, self._classes, n=1, cutoff=0.75) if slug else []
            if close:
                return close[0]
        return None


def _guess_points(values: Mapping[str, Scalar], kind: EquipmentClass) -> dict[str, str]:
    """Return the points whose names are most like the fields', each at most once."""
    points: dict[str, str] = {}
    for name in values:
        words = re.sub(r"[^a-z0-9]+", "_", name.rpartition(".")[2].lower()).strip("_")
        left = [point for point in kind.points if point not in points.values()]
        close = get_close_matches(words, left, n=1, cutoff=0.7)
        if close:
            points[name] = close[0]
    return points


def _lines(found: Found, equipment: str | None, points: Mapping[str, str]) -> Iterable[str]:
    if found.format == NATIVE:
        yield f"  # {found.device} speaks Gengfu's own JSON: add it to the ledger"
    else:
        called = f" # {_plain(found.called)}" if found.called else ""
        yield f"  - {found.format}: {_quoted(found.device)}{called}"
        if found.base != FORMATS[found.format].base:
            yield f"    base: {_quoted(found.base)}"
        yield f"    equipment: {equipment} # a guess" if equipment else "    equipment: ???"
        yield "    fields:"
    for name, value in found.values.items():
        unit = f" {_plain(found.units[name])}" if name in found.units else ""
        mapped = f"{_quoted(name)}: {points[name]}" if name in points else f"# {_quoted(name)}: ???"
        yield f"      {mapped} # {_plain(value)}{unit}"


def _plain(value: object) -> str:
    """Return a value as a remark that cannot end its line."""
    text = "".join(one if one.isprintable() else " " for one in str(value))
    return text if len(text) <= 60 else text[:59] + "…"


def _quoted(text: str) -> str:
    """Return a text as YAML reads it back."""
    if _PLAIN.fullmatch(text) and text.lower() not in _YAML_WORDS:
        return text
    escaped = "".join(
        one if one.isprintable() else f"\\U{ord(one):08x}"
        for one in text.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{escaped}"'
