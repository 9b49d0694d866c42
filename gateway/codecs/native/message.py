"""One message in, everything it said out. The codec's only door; it never raises for any bytes."""

from dataclasses import dataclass, field

from gateway import topics
from gateway.codecs.native.events import decode_events
from gateway.codecs.native.notes import letter
from gateway.codecs.native.readings import decode_readings
from gateway.codecs.native.text import Json, read
from gateway.codecs.native.times import Belief
from gateway.decoded import Decoded, RawMessage, Rejected
from gateway.directory import Directory, Target
from gengfu.core.batch import TopicKind
from gengfu.core.record import RejectReason

MAX_PAYLOAD = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is believed and how much is taken at once."""

    belief: Belief = field(default_factory=Belief)
    payload: int = MAX_PAYLOAD
    """Bytes; a longer message is rejected whole."""


def decode(message: RawMessage, directory: Directory, limits: Limits) -> Decoded:
    """Turn a message into readings, events, unmapped points and reasons for the rest."""
    target = directory.find(message.topic)
    if isinstance(target, Rejected):
        return _rejected_whole(message, target, directory.root)
    if len(message.payload) > limits.payload:
        detail = f"{len(message.payload)} bytes are more than {limits.payload}"
        return _rejected_whole(message, Rejected(RejectReason.OVERSIZE, detail), directory.root)
    if target.kind is TopicKind.STATUS and not message.payload:
        return _say_nothing(message, target)  # how a retained status is taken back
    content = read(message.payload)
    if isinstance(content, Rejected):
        return _rejected_whole(message, content, directory.root)
    try:
        return _read(content, message, target, directory, limits)
    except RecursionError:
        deep = Rejected(RejectReason.MALFORMED_JSON, "is nested too deep")
        return _rejected_whole(message, deep, directory.root)


def crashed(message: RawMessage, directory: Directory, error: Exception) -> Decoded:
    """Return what is left of a message that this codec could not cope with: our defect, kept."""
    detail = f"{type(error).__name__}: {error}"[:500]
    return _rejected_whole(message, Rejected(RejectReason.CRASHED_DECODER, detail), directory.root)


def _read(
    content: Json, message: RawMessage, target: Target, directory: Directory, limits: Limits
) -> Decoded:
    if target.kind is TopicKind.EVENT:
        events, answers, notes = decode_events(content, message, target, limits.belief)
        return Decoded(
            site=target.site,
            equipment=target.equipment,
            equipment_class=target.equipment_class,
            received_at=message.received_at,
            events=events,
            answers=answers,
            rejections=notes.letters(message),
        )
    rows, notes = decode_readings(content, message, target, limits.belief, directory.equipment)
    return Decoded(
        site=target.site,
        equipment=target.equipment,
        equipment_class=target.equipment_class,
        received_at=message.received_at,
        readings=rows,
        unknown=tuple(notes.unknown),
        rejections=notes.letters(message),
    )


def _rejected_whole(message: RawMessage, rejected: Rejected, root: str) -> Decoded:
    address = topics.parse(message.topic, root)
    return Decoded(
        site=address.site if address else None,
        received_at=message.received_at,
        rejections=(letter(message, rejected),),
    )


def _say_nothing(message: RawMessage, target: Target) -> Decoded:
    return Decoded(site=target.site, equipment=target.equipment, received_at=message.received_at)
