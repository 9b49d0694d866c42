"""What a fault at one machine does to others: a dead feeder's load, the responses to a fire.

A dead feeder takes down whatever the ledger says it feeds; what has a battery goes on with it. A fire
that two addresses of one compartment tell makes a panel in automatic start what the site's
cause-and-effect table names, each after a few seconds; a flow switch starts its pumps. A camera
without a picture is a channel that its recorder misses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from gengfu.core.clock import SECOND, Micros
from gengfu.ledger.model import Cause, Equipment, LinkageLine, SiteLedger
from simulators.catalogue import NO_RESPONSE, faults_of
from simulators.device import Injection
from simulators.links import OFFLINE
from simulators.models.nvr import CHANNEL_LOST, STOPS_RECORDING
from simulators.timeline import Change

FEEDERS_FAIL: Mapping[str, frozenset[str]] = {
    "power_distribution": frozenset({"outage", "tripped"})
}
"""By class: faults that take down what it feeds."""

RESPONSES: Mapping[str, str] = {
    "smoke_control": "started",
    "hvac": "stopped",
    "door": "unlocked",
    "barrier": "raised",
    "elevator": "fire_recall",
    "pump": "started",
}
"""What equipment of a class does when the cause-and-effect table calls it."""

_NEEDS_NO_MAINS = frozenset(
    {
        *("extinguisher", "hydrant", "sprinkler", "patrol_point", "call_button"),
        *("wireless_sensor", "water_meter", "manhole", "generator"),
    }
)
_PANEL, _SPRINKLER = "fire_panel", "sprinkler"
_CAMERA, _RECORDER = "camera", "nvr"
_SOONEST, _LATEST = 2.0, 8.0
"""Seconds from the cause to the response."""


@dataclass(slots=True)
class Consequences:
    """Follows the faults of one site and says what else changes because of them."""

    ledger: SiteLedger
    rng: Random
    _fires: dict[str, set[str]] = field(default_factory=dict)
    """By panel: the addresses that tell a fire."""
    _manual: set[str] = field(default_factory=set)
    _called: dict[str, list[Injection]] = field(default_factory=dict)
    """By who called: responses that go on until he resets."""
    _mute: set[str] = field(default_factory=set)

    def of(self, change: Change) -> Iterator[Change]:
        """Yield what follows a change, at its time or a little later."""
        one, class_ = change.injection, self._class(change.injection.equipment)
        if one.fault == NO_RESPONSE:
            (self._mute.add if change.on else self._mute.discard)(one.equipment)
        elif one.fault in FEEDERS_FAIL.get(class_, ()):
            for fed in self._fed(one.equipment):
                yield Change(change.at, _without_mains(fed, one), change.on)
        elif one.fault in STOPS_RECORDING and class_ == _CAMERA:
            yield from self._at_recorder(change)
        elif class_ == _PANEL:
            yield from self._at_panel(change)
        elif class_ == _SPRINKLER and one.fault in {"flow", "surge"}:
            yield from self._switch(change, one.equipment, self._lines(Cause.WATER, one.equipment))

    def _class(self, equipment: str) -> str:
        return self.ledger.equipment[equipment].equipment_class

    def _at_panel(self, change: Change) -> Iterator[Change]:
        panel, part = change.injection.equipment, change.injection.part
        if change.injection.fault == "manual":
            (self._manual.add if change.on else self._manual.discard)(panel)
        if change.injection.fault != "fire" or part is None:
            return
        fires = self._fires.setdefault(panel, set())
        before = self._burning(panel)
        (fires.add if change.on else fires.discard)(part)
        for compartment in self._burning(panel) - before if panel not in self._manual else ():
            around = {place.id for place in self.ledger.way_to(compartment)}
            lines = [
                line
                for line in self.ledger.linkage
                if line.cause is Cause.CONFIRMED_FIRE and line.where in around
            ]
            yield from self._switch(change, panel, lines)
        if not fires:
            yield from self._switch(change, panel, ())

    def _at_recorder(self, change: Change) -> Iterator[Change]:
        """Let the camera's recorder miss a channel, where it plays: a scene may be the camera's alone."""
        one = change.injection
        parent = self.ledger.equipment[one.equipment].parent
        recorder = self.ledger.equipment.get(parent or "")
        if recorder is not None and recorder.equipment_class == _RECORDER:
            by = {"by": one.fault}
            lost = Injection(
                equipment=recorder.id, fault=CHANNEL_LOST, part=one.equipment, settings=by
            )
            yield Change(change.at, lost, change.on)

    def _burning(self, panel: str) -> set[str]:
        """Return the compartments where at least two addresses tell a fire."""
        parts = self.ledger.equipment[panel].parts
        found = [parts[one].compartment for one in self._fires[panel]]
        return {one for one in found if one is not None and found.count(one) > 1}

    def _lines(self, cause: Cause, where: str) -> list[LinkageLine]:
        return [one for one in self.ledger.linkage if (one.cause, one.where) == (cause, where)]

    def _switch(
        self, change: Change, caller: str, lines: list[LinkageLine] | tuple[()]
    ) -> Iterator[Change]:
        """Call what the lines name; when the cause is gone, everything goes back."""
        if not change.on:
            for called in self._called.pop(caller, ()):
                yield Change(change.at, called, on=False)
            return
        for id_ in dict.fromkeys(id_ for line in lines for id_ in line.equipment):
            response = RESPONSES.get(self._class(id_))
            if response is not None and id_ not in self._mute:
                injection = Injection(equipment=id_, fault=response)
                self._called.setdefault(caller, []).append(injection)
                takes: Micros = round(self.rng.uniform(_SOONEST, _LATEST) * SECOND)
                yield Change(change.at + takes, injection, on=True)

    def _fed(self, feeder: str) -> Iterator[Equipment]:
        """Yield what goes down with a feeder; a controller on its battery keeps its doors alive."""
        fed = self._hangs_on(feeder)
        for id_ in sorted(fed):
            one = self.ledger.equipment[id_]
            parent = self.ledger.equipment.get(one.parent or "")
            kept = parent is not None and "mains_lost" in faults_of(parent.equipment_class)
            if not kept and one.equipment_class not in _NEEDS_NO_MAINS:
                yield one

    def _hangs_on(self, feeder: str) -> set[str]:
        found: set[str] = set()
        waiting = [feeder]
        while waiting:
            for fed in self.ledger.equipment[waiting.pop()].feeds:
                here = [fed] if fed in self.ledger.equipment else self._standing_in(fed)
                new = [id_ for id_ in here if id_ not in found and id_ != feeder]
                found.update(new)
                waiting.extend(id_ for id_ in new if self._class(id_) in FEEDERS_FAIL)
        return found

    def _standing_in(self, place: str) -> list[str]:
        return [
            one.id
            for one in self.ledger.equipment.values()
            if any(step.id == place for step in self.ledger.way_to(one.place))
        ]


def _without_mains(fed: Equipment, cause: Injection) -> Injection:
    knows = "mains_lost" in faults_of(fed.equipment_class)
    if fed.equipment_class in FEEDERS_FAIL:
        return Injection(equipment=fed.id, fault="outage", settings=cause.settings)
    fault = "mains_lost" if knows else OFFLINE
    return Injection(equipment=fed.id, fault=fault, settings=cause.settings)
