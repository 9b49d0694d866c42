"""A camera: a bitrate that breathes with the scene, and what happens to its view.

A variable-bitrate H.265 stream of 4 Mpx lies around 3–4 Mbit/s by day and falls by about a third
at night under infrared, when the picture is grey and little moves; a covered lens leaves next to
nothing to encode (U, from experience with recorders). The clock is set by the recorder.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

from gengfu.core.clock import MINUTE, SECOND, Micros
from gengfu.core.naming import Scalar
from simulators.device import Injection, Machine, local_hour
from simulators.models.people import busy, next_arrival

FRAME_RATE = 25.0
SUNRISE, SUNSET = 6.0, 18.5

OVERRIDES: Mapping[str, Mapping[str, Scalar]] = {
    "covered": {"covered": True},
    "moved": {"moved": True},
    "frozen": {"frozen": True},
    "video_loss": {"video_loss": True, "frame_rate": 0.0, "bitrate": 0.0},
    "clock_off": {"clock_offset": 400.0},
}
PERSON = "person"
"""Somebody comes into view and stays; told once, when they have stayed long enough to be told."""
FAULTS = frozenset({*OVERRIDES, PERSON})
STAY = 4 * SECOND

_BITRATE_LEFT = {"covered": 0.08, "frozen": 0.03}
_LOOK = 20 * SECOND
_REPORT = MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a camera looks at: outdoors or not, and how many people an hour pass at the busiest."""

    id: str
    outdoor: bool
    people_per_hour: float
    zone: ZoneInfo


class Camera(Machine):
    """One camera with its own analytics."""

    def __init__(self, view: View, rng: Random, start: Micros) -> None:
        super().__init__(view.id, start)
        self.view, self.rng = view, rng
        self.by_day = rng.uniform(2800.0, 4200.0)
        self.clock_offset = rng.gauss(0.0, 0.4)
        self._stayed: Micros | None = None
        """When somebody in view will have stayed long enough."""

    def begin(self, injection: Injection) -> None:
        if injection.fault == PERSON:
            self._stayed = self.now + STAY
        super().begin(injection)

    def story(self) -> Iterator[Micros]:
        passer_by = self._next_passer_by()
        while True:
            if self.now >= passer_by:
                if self._sees:
                    self.tell("person", duration_s=round(self.rng.uniform(2.0, 25.0), 1))
                passer_by = self._next_passer_by()
            if self._stayed is not None and self.now >= self._stayed:
                if self._sees:
                    self.tell("person", duration_s=STAY / SECOND)
                self._stayed = None
            self.say(self._points())
            next_look = self.now + (_LOOK if self.faults else _REPORT)
            yield min(passer_by, next_look, self._stayed or next_look)

    @property
    def _sees(self) -> bool:
        return self.faults.keys().isdisjoint({"covered", "frozen", "video_loss"})

    def _points(self) -> dict[str, Scalar]:
        points: dict[str, Scalar] = {
            "frame_rate": FRAME_RATE + self.rng.gauss(0.0, 0.05),
            "bitrate": self._bitrate(),
            "video_loss": False,
            "covered": False,
            "moved": False,
            "frozen": False,
            "clock_offset": self.clock_offset,
        }
        for fault in self.faults:
            points.update(OVERRIDES.get(fault, {}))
        return points

    def _bitrate(self) -> float:
        hour = local_hour(self.now, self.view.zone)
        night = not SUNRISE <= hour < SUNSET
        light = 0.65 if night and self.view.outdoor else 0.85 if night else 1.0
        motion = 1.0 + 0.25 * busy(self.now, self.view.zone)
        left = min((_BITRATE_LEFT.get(fault, 1.0) for fault in self.faults), default=1.0)
        return self.by_day * light * motion * left * max(0.5, self.rng.gauss(1.0, 0.04))

    def _next_passer_by(self) -> Micros:
        return next_arrival(self.rng, self.now, self.view.zone, per_hour=self.view.people_per_hour)
