"""What is left of a message beside its readings and events: faults and unmapped points."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from gateway.codecs.native.values import show
from gateway.decoded import RawMessage, Rejected, UnknownPoint
from gateway.directory import Target
from gengfu.core.record import DeadLetter, RejectReason

KEPT_OF_OVERSIZE = 4096
_SHOWN_FAULTS = 5


@dataclass(slots=True)
class Notes:
    """Collects while a message is read; one dead letter for each reason, not for each value."""

    unknown: list[UnknownPoint] = field(default_factory=list)
    _faults: dict[RejectReason, list[str]] = field(default_factory=dict)
    _items: dict[RejectReason, int] = field(default_factory=dict)

    def reject(self, what: str, rejected: Rejected, items: int = 1) -> None:
        """Note that ``items`` values were not taken."""
        reason = rejected.reason
        self._items[reason] = self._items.get(reason, 0) + items
        details = self._faults.setdefault(reason, [])
        if len(details) < _SHOWN_FAULTS:
            details.append(f"{what[:64]}: {rejected.detail}" if what else rejected.detail)

    def letters(self, message: RawMessage) -> tuple[DeadLetter, ...]:
        """Return the message's dead letters."""
        return tuple(
            letter(message, Rejected(reason, "; ".join(details)), self._items[reason])
            for reason, details in self._faults.items()
        )


def letter(message: RawMessage, rejected: Rejected, items: int = 1) -> DeadLetter:
    """Return the dead letter of a message; of one that is too long only the beginning is kept."""
    whole = rejected.reason is not RejectReason.OVERSIZE
    return DeadLetter(
        topic=message.topic,
        payload=message.payload if whole else message.payload[:KEPT_OF_OVERSIZE],
        received_at=message.received_at,
        reason=rejected.reason,
        detail=rejected.detail,
        items=items,
    )


def contradiction(
    document: Mapping[str, object], target: Target, others: Collection[str] = ()
) -> Rejected | None:
    """Return the rejection of a payload that names somebody else than its topic.

    ``id`` counts only when it is another equipment's (``others``): it may also be a message's own.
    """
    for key, true in (
        ("site", target.site),
        ("equipment", target.equipment),
        ("device", target.equipment),
    ):
        claim = document.get(key)
        if claim is not None and claim != true:
            return _mismatch(key, claim, true)
    claim = document.get("id")
    if isinstance(claim, str) and claim != target.equipment and claim in others:
        return _mismatch("id", claim, target.equipment)
    return None


def _mismatch(key: str, claim: object, true: str) -> Rejected:
    detail = f"{key} is {show(claim)}, the topic says {true!r}"
    return Rejected(RejectReason.IDENTITY_MISMATCH, detail)
