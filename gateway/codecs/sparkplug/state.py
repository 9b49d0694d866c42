"""How a Sparkplug host application says that it is there (Sparkplug 3.0.0, chapter 5)."""

import msgspec

from gengfu.core.clock import Micros

NAMESPACE = "spBv1.0"


def state_topic(host: str) -> str:
    """Return the topic of a host's STATE, retained."""
    return f"{NAMESPACE}/STATE/{host}"


def state_payload(online: bool, at: Micros) -> bytes:
    """Return a host's STATE; birth and will of one connection carry the same time."""
    return msgspec.json.encode({"online": online, "timestamp": at // 1000})
