"""The topics between devices and Gengfu (docs/devices.md): ``{root}/{site}/{equipment}/{way}/{kind}``.

Text in, values out; which equipment exists is the directory's matter.
"""

from dataclasses import dataclass

from gengfu.core.batch import Lane, TopicKind
from gengfu.core.naming import is_slug

DEFAULT_ROOT = "gf"

_KINDS = {kind.value: kind for kind in TopicKind}


@dataclass(frozen=True, slots=True)
class Address:
    """Who speaks on a topic, as the topic says it, and what kind of message it is."""

    site: str
    equipment: str
    kind: TopicKind


def parse(topic: str, root: str = DEFAULT_ROOT) -> Address | None:
    """Read a device's topic; None when it is none of ours or its ids are no slugs."""
    if not topic.startswith(root + "/"):
        return None
    levels = topic[len(root) + 1 :].split("/")
    if len(levels) != 4 or levels[2] != "up":
        return None
    site, equipment, _, kind = levels
    if kind not in _KINDS or not is_slug(site) or not is_slug(equipment):
        return None
    return Address(site, equipment, _KINDS[kind])


def up(site: str, equipment: str, kind: TopicKind, root: str = DEFAULT_ROOT) -> str:
    """Return the topic a device publishes on."""
    return f"{root}/{site}/{equipment}/up/{kind}"


def acknowledgement(site: str, equipment: str, root: str = DEFAULT_ROOT) -> str:
    """Return the topic on which a device learns that its event is safe."""
    return f"{root}/{site}/{equipment}/down/ack"


def command(site: str, equipment: str, root: str = DEFAULT_ROOT) -> str:
    """Return the topic on which a device is told to do something."""
    return f"{root}/{site}/{equipment}/down/command"


def filters(lane: Lane, root: str = DEFAULT_ROOT) -> tuple[str, ...]:
    """Return the topic filters that a lane's session subscribes to."""
    return tuple(f"{root}/+/+/up/{kind}" for kind in TopicKind if kind.lane is lane)
