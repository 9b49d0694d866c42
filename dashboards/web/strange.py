"""Names that devices say and their class does not have, with the known one that was likely meant."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gateway.unmapped import Unmapped, meant_by
from gengfu.ledger.model import EquipmentClass


@dataclass(frozen=True, slots=True)
class Strange:
    """One such name of one equipment."""

    told: Unmapped
    meant: str | None
    """The nearest name of its class; None when none is near."""


def strange_of(
    names: Sequence[Unmapped],
    classes: Mapping[str, EquipmentClass],
    equipment: Collection[str],
    *,
    strangers: bool = False,
) -> list[Strange]:
    """Return what some equipment says, and when asked for, what nobody is mapped for."""
    return [
        Strange(one, meant_by(one, classes.get(one.equipment_class)))
        for one in names
        if one.equipment in equipment or (strangers and not one.equipment)
    ]
