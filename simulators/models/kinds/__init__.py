"""Equipment that one machine plays from a table: by class, what it reads and what its faults do.

A kind is data: to play another class, add it to the table of its trade, or another table.
"""

from collections.abc import Mapping

from simulators.models.kinds.fire_water import FIRE_WATER
from simulators.models.kinds.guarding import GUARDING
from simulators.models.kinds.metering import METERING
from simulators.models.kinds.places import PLACES
from simulators.models.kinds.plant import PLANT
from simulators.models.sensor import Kind

KINDS: Mapping[str, Kind] = {**PLACES, **PLANT, **FIRE_WATER, **GUARDING, **METERING}
"""By class."""
