"""Gengfu's own place in the ledger: it watches itself as it watches everything else.

What Gengfu says of itself (class ``gengfu``) takes the way of a device's messages, so that it stands
in the journal, is judged by rules (``rules/packs/system.yaml``) and becomes alerts. The ids begin
with an underscore, which no id of an outsider may.
"""

from gengfu.core.naming import Bilingual
from gengfu.ledger.model import Equipment, Place, PlaceKind, Site, SiteLedger, ZoneKind

OWN_SITE = "_gengfu"
OWN_CORE = "_core"
OWN_CLASS = "gengfu"

_NAME = Bilingual(zh="更夫", en="Gengfu")
_PLACE = Bilingual(zh="值守系统", en="The watch itself")


def own_ledger() -> SiteLedger:
    """Return the ledger of Gengfu itself; it stands in no file and in no table."""
    place = Place(id=OWN_SITE, kind=PlaceKind.ZONE, zone_kind=ZoneKind.AREA, name=_PLACE)
    core = Equipment(id=OWN_CORE, equipment_class=OWN_CLASS, name=_NAME, place=place.id)
    return SiteLedger(
        site=Site(id=OWN_SITE, name=_NAME), places={place.id: place}, equipment={core.id: core}
    )
