"""Scenes as timetables: what is said when, and which alerts must open between when and when.

``play(devices, Push(at=0, …), Push(at=1, …), want=[between(1, 3, opened(…))])`` fails when an alert
is missing, when it comes outside its span, and when any other opens.
"""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.acceptance.house import SITE, Devices
from tests.acceptance.leeway import Leeway
from tests.acceptance.watch import Sight

GRACE_S = 1.0
"""So long after the last span anything more counts as one too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One message of a device, so many seconds after the scene's beginning."""

    at: float
    equipment: str
    kind: str
    """The last level of its topic: event, telemetry, vital, status."""
    payload: Mapping[str, object] | Sequence[Mapping[str, object]]
    retain: bool = False

    @property
    def topic(self) -> str:
        return f"gf/{SITE}/{self.equipment}/up/{self.kind}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An alert that must open within a span, once."""

    earliest: float
    latest: float
    equipment: str
    part: str | None
    rule: str


def between(earliest: float, latest: float, alert: tuple[str, str | None, str]) -> Wanted:
    """Want an alert between two times, in seconds after the scene's beginning."""
    return Wanted(earliest, latest, *alert)


def opened(
    equipment: str, part: str | None = None, rule: str = "fire_panel.first_signal"
) -> tuple[str, str | None, str]:
    """Name the alert of a subject."""
    return equipment, part, rule


def fire(part: str, *, ts: object = None, **more: object) -> dict[str, object]:
    """Return a fire event as a panel's bridge sends it; without ``ts`` it has no time."""
    stamp = {} if ts is None else {"ts": ts}
    return {"type": "fire", "part": part, "attributes": {"signal": "smoke"}, **stamp, **more}


def now_ms() -> int:
    """Return the present time as devices write it."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class _Scene:
    devices: Devices
    began: float = field(default_factory=time.monotonic)
    leeway: Leeway = field(default_factory=Leeway)
    before: frozenset[str] = frozenset()

    def sights(self, equipment: set[str]) -> list[Sight]:
        """Return the alerts of some equipment that opened since the beginning.

        Alerts of kind system say that a device was not heard; that is no answer to a scene.
        """
        return [
            one
            for one in list(self.devices.house.spectator.sights.values())
            if one.equipment in equipment and one.kind != "system" and one.id not in self.before
        ]


def play(devices: Devices, *pushes: Push, want: Sequence[Wanted]) -> list[Sight]:
    """Play a scene and see that exactly the wanted alerts opened, each in its span."""
    scene = _Scene(devices, before=frozenset(devices.house.spectator.sights))
    for push in sorted(pushes, key=lambda one: one.at):
        time.sleep(max(0.0, scene.began + push.at - time.monotonic()))
        devices.oracle.say(push.topic, json.dumps(push.payload), retain=push.retain)
    about = {push.equipment for push in pushes} | {one.equipment for one in want}
    latest = scene.began + max((one.latest for one in want), default=0.0)
    while len(scene.sights(about)) < len(want):
        if time.monotonic() > latest + scene.leeway.seconds:
            break
        time.sleep(0.05)
    time.sleep(GRACE_S)
    found = scene.sights(about)
    _compare(scene, found, want)
    return found


def _compare(scene: _Scene, found: Sequence[Sight], want: Sequence[Wanted]) -> None:
    names = Counter((one.equipment, one.part, one.rule) for one in found)
    wanted = Counter((one.equipment, one.part, one.rule) for one in want)
    assert not wanted - names, f"missing: {list((wanted - names).elements())[:10]}"
    assert not names - wanted, f"too many: {list((names - wanted).elements())[:10]}"
    spans = {(one.equipment, one.part, one.rule): one for one in want}
    for one in found:
        span, at = spans[one.equipment, one.part, one.rule], one.at - scene.began
        assert span.earliest <= at <= span.latest + scene.leeway.seconds, (
            f"{one.part} was visible at {at:.2f} s: {span}"
        )
