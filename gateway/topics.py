"""The topics between devices and Gengfu (docs/devices.md): ``{root}/{site}/{equipment}/{way}/{kind}``.

Text in, values out; which equipment exists is the directory's matter.
"""

from dataclasses import dataclass

from gengfu.core.batch import Lane, TopicKind
from gengfu.core.naming import is_slug
from gengfu.ledger.own import OWN_CORE, OWN_SITE

DEFAULT_ROOT = "gf"
DROPPED = "$SYS/broker/publish/messages/dropped"
"""How many messages the broker has dropped since its start, where it tells that."""

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
    known = (is_slug(site) and is_slug(equipment)) or (site, equipment) == (OWN_SITE, OWN_CORE)
    if kind not in _KINDS or not known:
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
    """Return the topic filters that a lane's session subscribes to.

    The telemetry lane hears every ending, so that a mistyped one is a dead letter and not silence.
    """
    if lane is Lane.TELEMETRY:
        return (f"{root}/+/+/up/+",)
    return tuple(f"{root}/+/+/up/{kind}" for kind in TopicKind if kind.lane is lane)


def retired(lane: Lane, root: str = DEFAULT_ROOT) -> tuple[str, ...]:
    """Return the filters that earlier versions asked for, which the broker may remember."""
    return (f"{root}/+/+/up/{TopicKind.TELEMETRY}",) if lane is Lane.TELEMETRY else ()


def is_for(lane: Lane, topic: str) -> bool:
    """Tell whether a topic of ours is for a lane: by its ending, and the telemetry lane's if unknown."""
    kind = _KINDS.get(topic.rpartition("/")[2])
    return lane is (Lane.TELEMETRY if kind is None else kind.lane)
