"""One site with a lift, a pump, a fire panel and a controller of two doors, for gateway tests."""

from collections.abc import Mapping
from functools import cache

from gengfu.core.naming import Bilingual
from gengfu.ledger.classes import load_classes
from gengfu.ledger.model import (
    Equipment,
    EquipmentClass,
    Place,
    PlaceKind,
    Site,
    SiteLedger,
)

SITE = "yunhe"
_EQUIPMENT = {
    "lift-1": ("elevator", None),
    "pump-1": ("pump", None),
    "fire-panel-1": ("fire_panel", None),
    "door-ctl-1": ("door_controller", None),
    "door-1": ("door", "door-ctl-1"),
    "door-2": ("door", "door-ctl-1"),
}


def small_estate(site: str = SITE, prefix: str = "") -> SiteLedger:
    """Return the site's ledger; ``prefix`` makes another site's ids differ."""
    name = Bilingual(zh="云和", en="Yunhe")
    return SiteLedger(
        site=Site(id=site, name=name),
        places={"b1": Place(id="b1", kind=PlaceKind.BUILDING, name=name)},
        equipment={
            prefix + id_: Equipment(
                id=prefix + id_,
                equipment_class=class_,
                name=name,
                place="b1",
                parent=prefix + parent if parent else None,
            )
            for id_, (class_, parent) in _EQUIPMENT.items()
        },
    )


@cache
def shipped_classes() -> Mapping[str, EquipmentClass]:
    """Return the product's own classes."""
    return load_classes()
