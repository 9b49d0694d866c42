"""What happens at one machine because of another: a dead board's load, the responses to a fire.

Who has mains is said by ``supply``, who comes when called by ``calls``. A panel starts what the site's
cause-and-effect table names by what it tells, not by what burns: two addresses of one compartment, in
automatic. A flow switch starts its pumps, an outage the generator. A camera without a picture is a
channel that its recorder misses; whoever goes out is not heard, with all that it speaks for.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gengfu.core.clock import Micros
from gengfu.ledger.model import Cause, LinkageLine, SiteLedger
from simulators.device import Change, Happening, Injection, Presence, Said, Sample
from simulators.estate.calls import Calls
from simulators.estate.links import OFFLINE
from simulators.estate.supply import GENERATOR, Supply
from simulators.models.nvr import CHANNEL_LOST, STOPS_RECORDING

_PANEL, _SPRINKLER = "fire_panel", "sprinkler"
_CAMERA, _RECORDER = "camera", "nvr"
_SWITCHES = ("flow_switch", "pressure_switch")
_OUTAGE = "an outage at "


@dataclass(slots=True)
class _Panel:
    """What one panel has told since its last reset."""

    fires: set[str] = field(default_factory=set)
    automatic: bool = True
    started: set[str] = field(default_factory=set)
    """Compartments whose lines it has started."""


@dataclass(slots=True)
class Consequences:
    """Follows the faults of one site, and what its equipment says, and says what else changes."""

    ledger: SiteLedger
    calls: Calls
    supply: Supply
    _panels: dict[str, _Panel] = field(default_factory=dict)
    _tripped: dict[str, frozenset[str]] = field(default_factory=dict)
    """By sprinkler valve: its switches that are on."""

    def of(self, change: Change) -> Iterator[Change]:
        """Yield what follows a change, at its time or a little later."""
        one = change.injection
        yield from self.calls.take(change)
        yield from self.supply.take(change)
        for generator, needed in self.supply.needed(one.equipment):
            caller = _OUTAGE + generator
            if needed:
                yield from self.calls.call(generator, caller, change.at)
            else:
                yield from self.calls.release(caller, change.at)
        if one.fault in STOPS_RECORDING and self._class(one.equipment) == _CAMERA:
            yield from self._at_recorder(change)

    def hear(self, said: Said) -> Iterable[Change]:
        """Return what follows from what a machine says, whether anybody else hears it or not."""
        if isinstance(said, Presence):
            gone = Injection(equipment=said.equipment, fault=OFFLINE)
            return (Change(said.at, gone, on=not said.online),)
        class_ = self._class(said.equipment)
        if class_ == _PANEL:
            return self._at_panel(said)
        if class_ == _SPRINKLER and isinstance(said, Sample):
            return self._at_valve(said)
        if class_ == GENERATOR and isinstance(said, Sample):
            return self.supply.hear(said)
        return ()

    def _class(self, equipment: str) -> str:
        return self.ledger.equipment[equipment].equipment_class

    def _at_panel(self, said: Sample | Happening) -> Iterator[Change]:
        panel = self._panels.setdefault(said.equipment, _Panel())
        if isinstance(said, Sample):
            panel.automatic = said.points["mode"] == "automatic"
        elif said.type == "fire" and said.part is not None:
            panel.fires.add(said.part)
        elif said.type == "reset":
            panel.fires.clear()
            panel.started.clear()
            yield from self.calls.release(said.equipment, said.at)
        if not (panel.fires and panel.automatic):
            return
        for compartment in sorted(self._confirmed(said.equipment, panel) - panel.started):
            panel.started.add(compartment)
            around = {place.id for place in self.ledger.way_to(compartment)}
            lines = [one for one in self._lines(Cause.CONFIRMED_FIRE) if one.where in around]
            yield from self._call(lines, said.equipment, said.at)

    def _confirmed(self, id_: str, panel: _Panel) -> set[str]:
        """Return the compartments where at least two addresses tell a fire."""
        parts = self.ledger.equipment[id_].parts
        found = [parts[one].compartment for one in panel.fires if one in parts]
        return {one for one in found if one is not None and found.count(one) > 1}

    def _at_valve(self, said: Sample) -> Iterator[Change]:
        valve = said.equipment
        tripped = frozenset(name for name in _SWITCHES if said.points[name])
        if tripped == self._tripped.get(valve, frozenset()):
            return
        self._tripped[valve] = tripped
        if not tripped:
            yield from self.calls.release(valve, said.at)
        lines = [one for one in self._lines(Cause.WATER) if one.where == valve]
        asked = [one for one in lines if not tripped.isdisjoint(re.findall(r"\w+", one.signal))]
        yield from self._call(asked, valve, said.at)

    def _lines(self, cause: Cause) -> Iterator[LinkageLine]:
        return (one for one in self.ledger.linkage if one.cause is cause)

    def _call(self, lines: Iterable[LinkageLine], caller: str, at: Micros) -> Iterator[Change]:
        for id_ in dict.fromkeys(id_ for line in lines for id_ in line.equipment):
            yield from self.calls.call(id_, caller, at)

    def _at_recorder(self, change: Change) -> Iterator[Change]:
        """Let the camera's recorder miss a channel, where it plays: a scene may be the camera's alone."""
        one = change.injection
        parent = self.ledger.equipment[one.equipment].parent
        recorder = self.ledger.equipment.get(parent or "")
        if recorder is not None and recorder.equipment_class == _RECORDER:
            lost = Injection(equipment=recorder.id, fault=CHANNEL_LOST, part=one.equipment)
            yield Change(change.at, lost, change.on)
