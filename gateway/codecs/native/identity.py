"""By what a message is recognised when it is told again (docs/architecture.md, Identity)."""

from collections.abc import Mapping
from hashlib import blake2b

import msgspec

from gateway.directory import Target
from gengfu.core.identity import Counted, Identified, Identity

_LARGEST_SEQ = 2**63 - 1
_LONGEST_BOOT = 256


def counted(document: Mapping[str, object], target: Target) -> Counted | None:
    """Return the identity of a device that counts: it needs ``seq`` and ``boot``.

    A counter without ``boot`` starts anew with the device, so it proves nothing by itself.
    """
    seq, boot = document.get("seq"), document.get("boot")
    if type(seq) is not int or not 0 <= seq <= _LARGEST_SEQ:
        return None
    if not isinstance(boot, str | int) or isinstance(boot, bool):
        return None
    name = str(boot)
    return Counted(target.equipment, target.kind, name, seq) if len(name) <= _LONGEST_BOOT else None


def by_content(document: Mapping[str, object], target: Target) -> Identified | None:
    """Return the identity of what carries its own time stamp; None when it has none."""
    if document.get("ts") is None:
        return None
    content = msgspec.json.encode((target.kind, document), order="sorted")
    return Identified(target.equipment, "content:" + blake2b(content, digest_size=16).hexdigest())


def of_readings(document: Mapping[str, object], target: Target) -> Identity | None:
    """Return by what a frame of readings is recognised; None = every one is a new occurrence."""
    if "seq" not in document:
        return None
    return counted(document, target) or by_content(document, target)
