"""A fire panel: quiet for months, then exact. It speaks by the events of its addresses.

A signal stays on the panel until someone resets it there (GB 25506): when the scenario ends a
``fire`` the smoke is gone and the operator resets. Isolated addresses (屏蔽) raise no fire; what still
burns when the isolation is lifted, or the loop is back, is told then. On battery the panel goes on for hours; GB 4717 asks for 8 h of watch and 30 min of alarm.
"""

from collections.abc import Iterator, Mapping

from gengfu.core.clock import SECOND, Micros
from gengfu.core.naming import Scalar
from gengfu.ledger.model import Part
from simulators.device import Injection, Machine

SIGNALS: Mapping[str, str] = {"smoke": "smoke", "heat": "heat", "call_point": "call_point"}
"""What a fire at an address of a type is told as; an input may be a flow switch."""

ADDRESSED = {
    "fire": ("fire", None),
    "part_fault": ("fault", "fault_restored"),
    "isolated": ("isolated", "isolation_lifted"),
    "supervisory": ("supervisory", None),
    "feedback": ("feedback", None),
    "start": ("start", None),
}
"""Faults of one address → the events when it begins and ends."""

FAULTS = frozenset(
    {*ADDRESSED, "loop_lost", "manual", "mains_lost", "battery_fault", "panel_fault"}
)
NEEDS_PART = frozenset(ADDRESSED)

_WATCH = 5 * SECOND


class FirePanel(Machine):
    """One panel with its point table."""

    def __init__(self, id_: str, parts: Mapping[str, Part], start: Micros) -> None:
        """Put a panel in order: automatic, on mains, nothing on it."""
        super().__init__(id_, start)
        self.parts = parts
        self.active: dict[tuple[str, str | None], Injection] = {}
        self._unheard: dict[str | None, Injection] = {}
        """By address: fires that it cannot tell."""
        self._news: list[tuple[str, str | None]] = []

    def begin(self, injection: Injection) -> None:
        if self._deaf(injection):
            self._unheard[injection.part] = injection
            return
        self.active[injection.fault, injection.part] = injection
        begins, _ = ADDRESSED.get(injection.fault, (None, None))
        if begins is not None:
            self._news.append((begins, injection.part))
        if injection.fault == "loop_lost":
            self._news.extend(("fault", part) for part in self._loop(injection))
        self.nudge()

    def end(self, injection: Injection) -> None:
        if injection.fault == "fire":
            self._unheard.pop(injection.part, None)
        if self.active.pop((injection.fault, injection.part), None) is None:
            return
        _, ends = ADDRESSED.get(injection.fault, (None, None))
        if ends is not None:
            self._news.append((ends, injection.part))
        if injection.fault == "loop_lost":
            self._news.extend(("fault_restored", part) for part in self._loop(injection))
        if injection.fault == "fire" and not self._count("fire"):
            self._news.append(("reset", None))
        for fire in [one for one in self._unheard.values() if not self._deaf(one)]:
            del self._unheard[fire.part]
            self.begin(fire)
        self.nudge()

    def story(self) -> Iterator[Micros]:
        while True:
            while self._news:
                self._report(*self._news.pop(0))
            self.say(self._points())
            yield self.now + _WATCH

    def _report(self, type_: str, part: str | None) -> None:
        if type_ == "fire" and part is not None:
            self.tell(type_, part, signal=self._signal(part))
        else:
            self.tell(type_, part)

    def _signal(self, part: str) -> str:
        known = self.parts.get(part)
        return SIGNALS.get(known.type, "flow_switch") if known else "smoke"

    def _deaf(self, injection: Injection) -> bool:
        """Tell whether the address cannot tell a fire: isolated, or its loop is lost."""
        if injection.fault != "fire" or injection.part is None:
            return False
        lost = any(
            injection.part in self._loop(other)
            for (fault, _), other in self.active.items()
            if fault == "loop_lost"
        )
        return lost or ("isolated", injection.part) in self.active

    def _loop(self, injection: Injection) -> tuple[str, ...]:
        """Return the addresses of the loop that an injection names: {loop: 2}."""
        prefix = f"{injection.settings.get('loop', 1)}-"
        return tuple(address for address in self.parts if address.startswith(prefix))

    def _count(self, fault: str) -> int:
        return sum(1 for name, _ in self.active if name == fault)

    def _points(self) -> dict[str, Scalar]:
        names = {name for name, _ in self.active}
        lost = sum(
            len(self._loop(one)) for (name, _), one in self.active.items() if name == "loop_lost"
        )
        return {
            "mode": "manual" if "manual" in names else "automatic",
            "mains": "mains_lost" not in names,
            "battery_fault": "battery_fault" in names,
            "fires": self._count("fire"),
            "faults": self._count("part_fault") + lost,
            "isolated": self._count("isolated"),
            "panel_fault": "panel_fault" in names,
        }
