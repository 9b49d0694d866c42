"""By what something told twice is recognised, without any time window.

A message is known by (equipment, topic kind, boot, seq) when the device counts; an event by its own
``id`` first; else an event by its content *with its own time stamp*, where that is believed. Without
any of the three it is a new occurrence.
"""

from dataclasses import dataclass
from typing import TypeAlias

from gengfu.core.batch import TopicKind


@dataclass(frozen=True, slots=True)
class Counted:
    """A message of a device that counts."""

    equipment: str
    kind: TopicKind
    boot: str
    seq: int


@dataclass(frozen=True, slots=True)
class Identified:
    """An event by the device's own id, or by a digest of its content and time stamp."""

    equipment: str
    id: str


Identity: TypeAlias = Counted | Identified
