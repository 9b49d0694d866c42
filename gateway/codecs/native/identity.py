"""By what a message is recognised when it is told again (docs/architecture.md, Identity)."""

from collections.abc import Mapping
from hashlib import blake2b

import msgspec

from gateway.directory import Target
from gengfu.core.identity import Counted, Identified, Identity
from gengfu.core.names import MAX_TEXT

_LARGEST_SEQ = 2**63 - 1
_LONGEST_BOOT = 256
_DIGEST_BYTES = 16


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


def by_content(
    document: Mapping[str, object], target: Target, *, is_dated: bool
) -> Identified | None:
    """Return the identity of what carries its own time stamp; None when none is believed.

    A clock that starts anew with the device tells the same time again, of something else.
    """
    if not is_dated:
        return None
    content = msgspec.json.encode((target.kind, document), order="sorted")
    return Identified(target.equipment, f"content:{_digest(content)}")


def as_id(said: str) -> str:
    """Return an event's id as every store holds it: itself, or what fits of it with its digest.

    Two events whose ids differ only where they are cut would be one, and the second lost.
    """
    shown = said.replace("\0", "")[:MAX_TEXT]
    if shown == said:
        return said
    digest = _digest(said.encode("utf-8", "surrogatepass"))
    return f"{shown[: MAX_TEXT - 1 - len(digest)]}#{digest}"


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=_DIGEST_BYTES).hexdigest()


def of_readings(
    document: Mapping[str, object], target: Target, *, is_dated: bool
) -> Identity | None:
    """Return by what a frame of readings is recognised; None = every one is a new occurrence."""
    if "seq" not in document:
        return None
    return counted(document, target) or by_content(document, target, is_dated=is_dated)
