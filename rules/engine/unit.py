"""One equipment as the engine knows it: its values, its link, and which rules are on or about to be.

Conditions are kept only where something is going on; an equipment where nothing is has none.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

from gengfu.core.clock import Micros
from gengfu.core.names import PointKind
from gengfu.core.naming import Scalar
from gengfu.ledger.model import Equipment
from rules.engine.band import Band
from rules.engine.frame import NEVER, Frame, Numbers, Times
from rules.engine.plan import ONLINE_SLOT, OWN_SILENCE, Plan
from rules.language.schedule import PlaceClock
from rules.past.memory import NOT_DUE, Learner, Past, Timed

Spot: TypeAlias = tuple[int, str]
"""A rule's number in the plan and the part (empty: the equipment itself)."""


class Phase(IntEnum):
    """How far a condition is. Absent = off."""

    COUNTING = 1
    """Some occurrences, not yet enough."""
    PENDING = 2
    """True, but not for long enough."""
    ON = 3
    CLEARING = 4
    """On, and clear for not yet long enough."""


@dataclass(slots=True)
class Condition:
    """What a rule remembers about one subject while it is not simply off."""

    phase: Phase
    since: Micros
    """When it became true; while clearing, when it became clear."""
    due: Micros = NOT_DUE
    """When the phase ends by itself."""
    queued: Micros = NOT_DUE
    """When a timer looks whether it is due. Never later than it is."""
    silent: bool = False
    """On because nothing is heard."""
    times: list[Micros] = field(default_factory=list)
    """Of the occurrences counted, the newest last; at most ``Count.times``."""
    raised: bool = False
    """Where it is counted how often an expression became true: it is true now."""
    occurred: Micros = NEVER
    """Of an event's rule: when the newest occurrence was, by its own time."""

    @property
    def is_on(self) -> bool:
        return self.phase >= Phase.ON


class Unit(Frame):
    """An equipment of the ledger with everything the engine remembers about it."""

    __slots__ = (
        "bands",
        "children",
        "clock",
        "conditions",
        "cut",
        "down",
        "equipment",
        "fed",
        "lasted",
        "number",
        "parent",
        "pasts",
        "plan",
        "queued",
        "silent",
        "site",
        "suppliers",
        "unfed",
    )

    def __init__(
        self,
        equipment: Equipment,
        site: str,
        clock: PlaceClock,
        plan: Plan,
        bands: Sequence[Band],
        number: int,
    ) -> None:
        super().__init__(equipment.attributes, plan.points, len(plan.pasts))
        self.equipment = equipment
        self.site = site
        self.clock = clock
        """Local time, the site's calendar, the place's guarded hours."""
        self.plan = plan
        self.bands = bands
        """By slot: where a value moves no rule while no condition is anything but off."""
        self.number = number
        self.parent: Unit | None = None
        self.children: list[Unit] = []
        self.suppliers: list[Unit] = []
        self.fed: list[Unit] = []
        self.polls = [None] * len(plan.groups)
        self.pasts: list[Past] = [past.make(clock.zone) for past in plan.pasts]
        self.lasted = NEVER
        """Up to when its timed functions were told."""
        self.queued: dict[int, Micros] = {}
        """By function of the past: when a timer looks whether it is due. Never later than it is."""
        self.conditions: dict[Spot, Condition] = {}
        self.silent = False
        self.down = False
        """It said that it is offline, or is silent."""
        self.cut = False
        """Who speaks for it is down or cut: what it says of itself is unknown."""
        self.unfed = False
        """All that feeds it is dead."""

    def move(self, numbers: Numbers, observed: Times) -> None:
        """Keep values and their times in these rows from here on."""
        for slot, (value, at) in enumerate(zip(self.numbers, self.observed, strict=True)):
            numbers[slot], observed[slot] = value, at
        self.numbers, self.observed = numbers, observed

    def take(self, slot: int, at: Micros, value: float | str) -> bool | None:
        """Take a sample unless a newer one is known; of one time the last to come stays.

        Tell whether its value is another than before; None: it was passed over.
        """
        seen = self.observed[slot]
        known = self.texts[slot] if slot in self.texts else self.numbers[slot]
        # Unknown again is the same.
        is_same = known == value or (known != known and value != value)  # noqa: PLR0124 – NaN
        if at < seen or (at == seen and is_same):
            return None
        self.observed[slot] = at
        if is_same:
            return False
        self._put(slot, value)
        if slot in self.plan.history:
            self._remember(slot, at)
        return True

    def _remember(self, slot: int, at: Micros) -> None:
        """Note a change of a slot's value; unknown in between makes no difference."""
        value = self.value(slot)
        if value is None:
            return
        before = self.known.get(slot)
        self.known[slot] = value
        if before is not None and before != value:
            self.previous[slot], self.changed[slot] = before, at

    def _put(self, slot: int, value: float | str) -> None:
        if isinstance(value, str):
            self.texts[slot] = value
        else:
            self.texts.pop(slot, None)
            self.numbers[slot] = value

    def can_move(self, slot: int, value: float | str) -> bool:
        """Tell whether a value may make a rule true, or end what is going on."""
        return bool(self.conditions) or value not in self.bands[slot]

    def sample(self, past: int, inputs: Sequence[Scalar], at: Micros, since: Micros) -> bool:
        """Let a function of the past take its sample of time ``at``; tell whether its value changed.

        ``since``: from when on what is observed counts as held; timed functions count by it.
        """
        memory = self.pasts[past]
        if isinstance(memory, Learner):
            memory.in_doubt = bool(self.conditions) and self._is_any_on(
                self.plan.rules_of_past[past]
            )
        if not isinstance(memory, Timed):
            return self._give(past, memory.update(at, inputs))
        self.lasted = held = max(since, self.lasted)
        lost = self.is_lost and not self.plan.pasts[past].steady
        return self._give(past, memory.lose(held) if lost else memory.update(held, inputs))

    def _is_any_on(self, rules: Collection[int]) -> bool:
        return any(one.is_on and spot[0] in rules for spot, one in self.conditions.items())

    def wake(self, past: int) -> bool:
        """Let a function whose time has come look again; tell whether its value changed."""
        memory = self.pasts[past]
        assert isinstance(memory, Timed)
        self.lasted = at = max(memory.due, self.lasted)
        return self._give(past, memory.wake(at))

    def _give(self, past: int, value: Scalar) -> bool:
        before, self.outputs[past] = self.outputs[past], value
        return before is not value and before != value

    def wakes(self) -> Iterator[tuple[Micros, int]]:
        """Yield when which functions of the past want to look again."""
        for number in self.plan.timed:
            memory = self.pasts[number]
            if isinstance(memory, Timed) and memory.due != NOT_DUE:
                yield memory.due, number

    def first_due(self, until: Micros) -> tuple[Micros, int, str] | None:
        """Return what is due first by ``until``, as the timers name it; of one time functions first."""
        due = [
            (condition.due, *spot)
            for spot, condition in self.conditions.items()
            if NOT_DUE < condition.due <= until
        ]
        due += [(at, ~past, "") for at, past in self.wakes() if at <= until]
        return min(due) if due else None

    @property
    def is_busy(self) -> bool:
        """Whether anything is going on: a condition, or a function that is due."""
        return bool(self.conditions) or (bool(self.plan.timed) and any(self.wakes()))

    @property
    def is_lost(self) -> bool:
        """Whether nobody knows what it does: its link, or that of who speaks for it, is lost."""
        return self.cut or self.silent or self.down

    def vote(self, group: int) -> bool | None:
        """Return what it says in a group now; while its link is lost that is unknown."""
        compiled = self.plan.groups[group]
        lost = self.cut or self.silent or (self.down and not compiled.watches_link)
        return None if lost and not compiled.steady else compiled.vote(self)

    def is_silent(self, index: int) -> bool:
        """Tell whether a silence was noticed: its own, or what a rule is on for."""
        if index == OWN_SILENCE:
            return self.silent
        condition = self.conditions.get((index, ""))
        return condition is not None and condition.silent

    def leads(self, rule: int) -> bool:
        """Tell whether a rule that looks once for several looks here."""
        poll = self.polls[self.plan.rules[rule].groups[0]]
        return poll is not None and poll.members[0] == self.number

    @property
    def offline(self) -> bool:
        """Whether it (or its last will) said so."""
        return self.numbers[ONLINE_SLOT] == 0

    def value(self, slot: int) -> Scalar:
        """Return what a slot means; None = unknown."""
        return self.plan.layout.readers[slot](self)

    def value_of(self, point: str) -> Scalar:
        """Return the value of a point; None = unknown, or no rule reads it."""
        slot = self.plan.layout.slots.get(point)
        return None if slot is None else self.value(slot)

    def put(self, slot: int, value: Scalar, at: Micros) -> None:
        """Hold what was known before."""
        self.numbers[slot] = self.plan.layout.number(slot, value)
        if value is not None and slot in self.plan.history:
            self.known[slot] = value
        if isinstance(value, str) and self.plan.layout.kinds[slot] is PointKind.TEXT:
            self.texts[slot] = value
        self.observed[slot] = at

    def all_children(self) -> list["Unit"]:
        """Return those it speaks for, directly or through others."""
        found: list[Unit] = []
        for child in self.children:
            found.append(child)
            found.extend(child.all_children())
        return found

    def transplant(self, old: "Unit") -> list[tuple[Spot, Condition]]:
        """Take over what ``old``, the same equipment, remembers; return conditions left over."""
        self.spoke, self.occurred, self.silent = old.at, old.occurred, old.silent
        self.lasted = old.lasted
        slots = old.plan.layout.slots
        for name, slot in self.plan.layout.slots.items():
            if name in slots:
                self._take_over(slot, old, slots[name])
        known = {past.key: number for number, past in enumerate(old.plan.pasts)}
        for number, past in enumerate(self.plan.pasts):
            if past.key in known:
                self.pasts[number].load(old.pasts[known[past.key]].save())
                self.outputs[number] = old.outputs[known[past.key]]
        return self._take_over_conditions(old)

    def _take_over(self, slot: int, old: "Unit", old_slot: int) -> None:
        self.put(slot, old.value(old_slot), old.observed[old_slot])
        if slot not in self.plan.history:
            return
        if old_slot in old.known:
            self.known[slot] = old.known[old_slot]
        if old_slot in old.changed:
            self.previous[slot] = old.previous[old_slot]
            self.changed[slot] = old.changed[old_slot]

    def _take_over_conditions(self, old: "Unit") -> list[tuple[Spot, Condition]]:
        numbers = {one.rule.id: number for number, one in enumerate(self.plan.rules)}
        left: list[tuple[Spot, Condition]] = []
        for (index, part), condition in old.conditions.items():
            before = old.plan.rules[index]
            number = numbers.get(before.rule.id)
            if number is None:
                left.append(((index, part), condition))
                continue
            now = self.plan.rules[number]
            if (before.rule, before.hold) != (now.rule, now.hold):
                if not condition.is_on:
                    continue
                condition.phase, condition.due = Phase.ON, NOT_DUE
            self.conditions[number, part] = condition
        return left
