"""Whatever has no format of its own: the device is the topic, its payload JSON or a bare value.

This is how equipment that Home Assistant discovery announces is adopted, and anything home-made.
A bare value is the field ``value``.
"""

from gateway.codecs.spoken import (
    Format,
    Spoken,
    Stateless,
    Utterance,
    flatten,
    read_loosely,
)
from gateway.decoded import RawMessage, Rejected


def read(message: RawMessage, base: str) -> Spoken:
    """Read a topic's payload."""
    if not message.payload:
        return ()
    content = read_loosely(message)
    fields = content if isinstance(content, Rejected) else flatten(content)
    if isinstance(fields, Rejected):
        return (fields,)
    device = message.topic.removeprefix(base + "/") if base else message.topic
    return (Utterance(device=device, fields=fields),)


TOPIC = Format(
    name="topic",
    base="",
    filters=lambda base, device: (f"{base}/{device}" if base else device,),
    open=lambda _devices: Stateless(read),
    anything=(),
    recognise=lambda topic: None,
)
