"""Golden talk of foreign devices: messages in a text file, what they become as plain values.

A file ``messages`` has a line for each message: ``TOPIC = PAYLOAD``. ``retained`` before the topic is
the broker's flag, ``hex:…`` a payload of bytes, ``wait N`` lets N seconds pass; ``#`` is a remark.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.codecs.native.message import Limits
from gateway.codecs.spoken import Outgoing
from gateway.decoded import Decoded, Heard, RawMessage, Rows
from gateway.directory import Directory, build_directory
from gateway.mapping.file import load_mapping
from gateway.mapping.interpreter import Interpreter, vital_points
from gateway.mapping.model import ForeignMapping
from gengfu.core.batch import Flag
from gengfu.core.clock import SECOND, Micros, from_iso, to_iso
from gengfu.core.identity import Identified
from gengfu.core.names import Names
from tests.fakes.small_estate import shipped_classes, small_estate

GOLDEN = Path(__file__).parents[1] / "golden"
RECEIVED = from_iso("2025-11-20T01:00:00Z")


@dataclass
class Listener:
    """A mapping at work on the small estate, one message a second."""

    mapping: ForeignMapping
    names: Names = field(default_factory=Names)
    now: Micros = RECEIVED

    def __post_init__(self) -> None:
        self.interpreter = Interpreter(self.mapping, vital_points(shipped_classes()))
        self.directory: Directory = build_directory([small_estate()], shipped_classes(), self.names)

    def hear(self, topic: str, payload: bytes, *, retained: bool = False) -> tuple[Decoded, ...]:
        raw = RawMessage(topic, payload, self.now, retained)
        return self.interpreter.decode(raw, self.directory, Limits())

    def due(self) -> Sequence[Outgoing]:
        return self.interpreter.due(self.now)


def play(folder: Path) -> list[object]:
    """Return what a golden case's messages become, one entry a line."""
    listener = Listener(load_mapping(folder.parent / "mapping.yaml"))
    return [entry for line in lines_of(folder / "messages") for entry in _play(listener, line)]


def lines_of(file: Path) -> list[str]:
    """Return a talk's lines without its remarks."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def message_of(line: str) -> tuple[str, bytes, bool]:
    """Return a line's topic, payload and whether it was retained."""
    retained = line.startswith("retained ")
    topic, _, text = line.removeprefix("retained ").partition(" = ")
    payload = bytes.fromhex(text[4:]) if text.startswith("hex:") else text.encode()
    return topic, payload, retained


def _play(listener: Listener, line: str) -> Iterator[object]:
    if line.startswith("wait "):
        listener.now += int(line.split()[1]) * SECOND
    else:
        topic, payload, retained = message_of(line)
        heard = listener.hear(topic, payload, retained=retained)
        yield [shown(one, listener.names) for one in heard]
        listener.now += SECOND
    sent = [f"{one.topic} {_text(one.payload)}" for one in listener.due()]
    if sent:
        yield {"sent": sent}


def _text(payload: bytes) -> str:
    return payload.decode() if payload.isascii() and payload[:1] == b"{" else "hex:" + payload.hex()


def shown(decoded: Decoded, names: Names) -> dict[str, object]:
    """Return a decoded message as the golden files write it; what is empty is left out."""
    found: dict[str, object] = {
        "equipment": decoded.equipment,
        "readings": [text for rows in decoded.readings for text in _rows(rows, names)],
        "events": [_event(heard, names) for heard in decoded.events],
        "unknown": [f"{one.point} = {one.value!r}" for one in decoded.unknown],
        "rejections": [f"{one.reason} ×{one.items}: {one.detail}" for one in decoded.rejections],
    }
    return {key: value for key, value in found.items() if value}


def _rows(rows: Rows, names: Names) -> Iterator[str]:
    texts, claims = dict(rows.texts), dict(rows.claimed)
    known = " once" if rows.identity is not None else ""
    for row in range(len(rows)):
        point = names.points[rows.point[row]]
        value = texts.get(row, f"{rows.value[row]:g}")
        if point.words and rows.value[row] == rows.value[row]:
            value = point.words[int(rows.value[row])]
        claim = f" claims {to_iso(claims[row])}" if row in claims else ""
        at = to_iso(rows.observed_at[row])
        yield f"{point.point} = {value} at {at} {_flags(rows.flags[row])}{claim}{known}".rstrip()


def _event(heard: Heard, names: Names) -> str:
    event = heard.event
    part = f"/{event.part}" if event.part else ""
    at = f"{to_iso(event.observed_at)} {_flags(event.flags)}".rstrip()
    known = ""
    if isinstance(heard.identity, Identified):
        content = heard.identity.id.startswith("content:")
        known = " once" if content else f" once as {heard.identity.id}"
    where = names.equipment[event.equipment].equipment
    return f"{event.type} of {where}{part} at {at}{known} {dict(event.attributes)}"


def _flags(flags: int) -> str:
    return "|".join(flag.name or "" for flag in Flag if flag and flag & flags)
