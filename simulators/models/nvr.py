"""A recorder: how many channels it records, its disks, and how far back it can look.

The disks are full after the first weeks: what comes in pushes the oldest day out, so the free share
stays within a per cent or two and the oldest recording keeps its age. A disk that fails does so over
days: what lies on bad sectors is given up, so the oldest recording becomes younger, until the disk is
set aside and nothing is written (U).
"""

from collections.abc import Iterator
from random import Random

from gengfu.core.clock import DAY, HOUR, MINUTE, Micros
from gengfu.core.naming import Scalar
from simulators.device import Injection, Machine

WEAR = frozenset({"disk_wear"})
FAULTS = frozenset({"disk_fault", "retention_short"}) | WEAR

CHANNEL_LOST = "channel_lost"
"""What a camera without a picture is to its recorder: its part is the camera."""
STOPS_RECORDING = frozenset({"offline", "video_loss"})
"""A camera's faults that leave its channel without a picture."""
_CLEARS_EVERY = 4 * HOUR
_BAD_SECTORS = 0.6
"""Share of the recording that is lost when the disk gives up (U)."""


class Recorder(Machine):
    """One recorder with its channels."""

    def __init__(self, id_: str, channels: int, days: float, rng: Random, start: Micros) -> None:
        super().__init__(id_, start)
        self.channels, self.days, self.rng = channels, days, rng
        self._lost: set[str | None] = set()
        """Cameras without a picture."""

    def begin(self, injection: Injection) -> None:
        if injection.fault == CHANNEL_LOST:
            self._lost.add(injection.part)
        super().begin(injection)

    def end(self, injection: Injection) -> None:
        if injection.fault == CHANNEL_LOST:
            self._lost.discard(injection.part)
        super().end(injection)

    def story(self) -> Iterator[Micros]:
        while True:
            self.say(self._points())
            yield self.now + MINUTE

    def _points(self) -> dict[str, Scalar]:
        worn = self.severity("disk_wear")
        broken = "disk_fault" in self.faults or worn >= 1.0
        kept = 0.4 if "retention_short" in self.faults else 1.0
        kept = min(kept, 1.0 - _BAD_SECTORS * worn)
        return {
            "recording_channels": 0 if broken else self.channels - len(self._lost),
            "disk_fault": broken,
            "disk_free": 3.0 - 2.0 * (self.now % _CLEARS_EVERY) / _CLEARS_EVERY,
            "oldest_recording_days": kept * (self.days + 4) + self.now % DAY / DAY,
        }
