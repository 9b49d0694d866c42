"""What is left out when telemetry comes faster than it can be kept: values that newer ones supersede.

Of each point the newest value stays, so what is shown as the present is the present. It goes by
point and not by message or topic: a message of a device that reports by exception says only what
changed, and a bridge's topic speaks for many devices.
"""

import numpy as np
from numpy.typing import NDArray

from gengfu.core.batch import ReadingBatch


def newest(batch: ReadingBatch) -> NDArray[np.bool_]:
    """Return for each row (n,) whether no other is newer: of equal times the one told later is."""
    order = np.lexsort((batch.observed_at, batch.point, batch.equipment))  # stable
    kept = np.ones(len(batch), dtype=np.bool_)
    if len(order):
        equipment, point = batch.equipment[order], batch.point[order]
        superseded = (equipment[1:] == equipment[:-1]) & (point[1:] == point[:-1])
        kept[order[:-1][superseded]] = False
    return kept
