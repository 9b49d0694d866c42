"""Reads a scenario's file, written as YAML by a person. All mistakes are found at once.

Times of the script are ``HH:MM[:SS]`` from the scenario's start, and may pass 24:00.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import yaml

from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros
from gengfu.core.errors import BadInput
from gengfu.core.expression import nearest
from gengfu.core.naming import Bilingual, Scalar
from gengfu.core.said import said
from gengfu.ledger.model import Equipment, EquipmentClass, SiteLedger
from gengfu.marked import Page, read_text
from simulators.device import Injection
from simulators.estate.catalogue import PLAYERS, Player, faults_of
from simulators.estate.supply import DEAD
from simulators.scenario.cast import CastReader, scalar
from simulators.scenario.model import (
    TEN_O_CLOCK,
    Act,
    Afterwards,
    Also,
    Doing,
    Expectation,
    Found,
    Scenario,
    SmallThing,
    Step,
)

Read = TypeVar("Read")

SHIPPED = Path(__file__).parents[1] / "scenarios"

_OFFSET = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_INJECTION = ("part", "with", "over")


def read_scenario(
    path: Path,
    ledgers: Sequence[SiteLedger],
    classes: Mapping[str, EquipmentClass],
    rules: Collection[str] | None = None,
) -> Scenario:
    """Read a scenario, for its own cast or else for the equipment of these ledgers.

    Alerts are expected of ``rules``, when they are given.

    Raises:
        BadInput: with every mistake and its line.
    """
    text = read_text(path)
    equipment = {id_: one for ledger in ledgers for id_, one in ledger.equipment.items()}
    reader = _Reader(Page(str(path)), classes, equipment, rules)
    scenario = reader.scenario(text)
    if reader.page.faults:
        raise BadInput(reader.page.faults)
    return scenario


def find_scenario(name: str) -> Path:
    """Return the file of a scenario given by path or by the name of one that is shipped.

    Raises:
        BadInput: no shipped one has this name.
    """
    path = Path(name)
    if path.suffix or path.exists():
        return path
    folders = (SHIPPED, SHIPPED / "cast", SHIPPED / "long")
    files = [folder / f"{name}.yaml" for folder in folders]
    found = next((file for file in files if file.exists()), None)
    if found is None:
        shipped = sorted(file.stem for folder in folders for file in folder.glob("*.yaml"))
        hint = nearest(name, shipped) or said("they are listed in docs/scenarios.md")
        raise BadInput.of("scenario", "", said("none is called {!r}", name), hint)
    return found


def own_cast() -> Sequence[Path]:
    """Return the files of the shipped scenarios that bring their own equipment, by name."""
    return sorted((SHIPPED / "cast").glob("*.yaml"))


def _sort(value: Scalar) -> type:
    """Return what sort of value it is; whole and other numbers are one."""
    return float if type(value) is int else type(value)


@dataclass(slots=True)
class _Reader:
    """Reads one file; mistakes go to the page and a stand-in comes back."""

    page: Page
    classes: Mapping[str, EquipmentClass]
    equipment: Mapping[str, Equipment]
    rules: Collection[str] | None = None
    """The rules that there are; None = not looked at."""
    short: Mapping[str, str] = field(default_factory=dict)
    """What the script calls equipment of the scenario's own cast → its id."""

    def scenario(self, text: str) -> Scenario:
        root = self.page.root(text)
        if root is None:
            return Scenario(name="", title=Bilingual("", ""))
        found = self.page.fields(
            root,
            required=("scenario", "title", "timeline"),
            optional=("truth", "begins", "cast", "linkage", "also", "lasts", "afterwards"),
        )
        name, title = (
            self.page.text(found.get("scenario")),
            self.page.bilingual(found.get("title")),
        )
        cast = self.cast(found, name, title)
        return Scenario(
            name=name,
            title=title,
            truth=self._optional(found.get("truth"), self.page.bilingual),
            begins=self.offset(found["begins"]) if "begins" in found else TEN_O_CLOCK,
            cast=cast,
            steps=tuple(self.step(node) for node in self.page.items(found.get("timeline"))),
            also=tuple(self.also(node) for node in self.page.items(found.get("also"))),
            lasts=self._optional(found.get("lasts"), self.page.duration) or 0,
            afterwards=self._optional(found.get("afterwards"), self.afterwards),
        )

    def cast(
        self, found: Mapping[str, yaml.Node], name: str, title: Bilingual
    ) -> SiteLedger | None:
        """Read the scenario's own equipment; the script then speaks of nothing else."""
        if "cast" not in found:
            if "linkage" in found:
                self.page.fault(
                    found["linkage"], said("'linkage' without 'cast'"), said("add the equipment")
                )
            return None
        reader = CastReader(self.page, name.replace("_", "-"), self.classes)
        ledger = reader.ledger(found["cast"], found.get("linkage"), title)
        self.equipment = ledger.equipment if ledger is not None else {}
        self.short = reader.ids
        return ledger

    def step(self, node: yaml.Node) -> Step:
        found = self.page.fields(
            node,
            required=("at", "equipment", "fault"),
            optional=("until", "for", *_INJECTION, "expect"),
        )
        begins = self.offset(found.get("at"))
        ends = self._optional(found.get("until"), self.offset)
        if "for" in found:
            ends = begins + self.page.duration(found["for"])
        if "for" in found and "until" in found:
            self.page.fault(found["for"], said("both 'for' and 'until'"), said("keep one"))
        elif ends is not None and ends <= begins:
            self.page.fault(found["until"], said("'until' is not after 'at'"))
        injection = self.injection(node, found)
        return Step(
            begins=begins,
            ends=ends,
            injection=injection,
            expects=tuple(
                self.expectation(one, injection) for one in self.page.items(found.get("expect"))
            ),
        )

    def afterwards(self, node: yaml.Node) -> Afterwards:
        found = self.page.fields(node, required=("every", "any_of"), optional=("jitter",))
        every = self.page.duration(found.get("every"))
        jitter = self._optional(found.get("jitter"), self.page.duration) or 0
        choices = tuple(self.small_thing(one) for one in self.page.items(found.get("any_of")))
        if not choices and "any_of" in found:
            self.page.fault(found["any_of"], said("there is nothing to choose from"))
        if any(small.lasts + 2 * jitter >= every for small in choices):
            self.page.fault(
                node, said("one small thing would run into the next"), said("raise 'every'")
            )
        return Afterwards(every=every, jitter=jitter, choices=choices)

    def small_thing(self, node: yaml.Node) -> SmallThing:
        found = self.page.fields(node, required=("equipment", "fault", "for"), optional=_INJECTION)
        return SmallThing(
            injection=self.injection(node, found), lasts=self.page.duration(found.get("for"))
        )

    def injection(self, node: yaml.Node, found: Mapping[str, yaml.Node]) -> Injection:
        """Read who gets which fault, and check that it can happen there."""
        injection = Injection(
            equipment=self.who(found.get("equipment")),
            fault=self.page.text(found.get("fault")),
            part=self._optional(found.get("part"), self.page.text),
            settings=self.settings(found.get("with")),
            over=self._optional(found.get("over"), self.page.duration) or 0,
        )
        known = self.equipment.get(injection.equipment)
        if known is not None and "fault" in found:
            self.check_fault(node, injection, known)
        return injection

    def who(self, node: yaml.Node | None) -> str:
        """Return the id of the equipment that is meant."""
        name = self.page.text(node)
        id_ = self.short.get(name, name)
        if node is not None and id_ not in self.equipment:
            where = said("cast") if self.short else said("ledger")
            self.page.fault(node, said("no equipment {!r} in the {}", name, where))
        return id_

    def check_fault(self, node: yaml.Node, injection: Injection, known: Equipment) -> None:
        """Note a fault that its class does not know, and a part that is missing or unknown."""
        faults = faults_of(known.equipment_class)
        if injection.fault not in faults:
            self.page.fault(
                node,
                said("a {} knows no fault {!r}", known.equipment_class, injection.fault),
                said(
                    "known: {}", ", ".join(sorted(faults)) or said("none, nothing plays this class")
                ),
            )
            return
        player = PLAYERS[known.equipment_class]
        if injection.fault in player.needs_part and injection.part is None:
            self.page.fault(
                node, said("{!r} happens at an address", injection.fault), said("add 'part'")
            )
        if injection.part is not None and injection.part not in known.parts:
            self.page.fault(node, said("{} has no part {!r}", known.id, injection.part))
        if injection.over and injection.fault not in player.grows:
            self.page.fault(
                node,
                said("{!r} comes at once, and not 'over' a while", injection.fault),
                said("what grows: {}", ", ".join(sorted(player.grows)) or said("nothing")),
            )
        self.check_figures(node, injection, player)

    def check_figures(self, node: yaml.Node, injection: Injection, player: Player) -> None:
        """Note a figure that its fault does not move, and one of another sort."""
        moved = player.figures.get(injection.fault)
        if moved is None or injection.fault in DEAD:
            return
        for name, value in injection.settings.items():
            if name not in moved:
                what = said("{!r} does not move {!r}", injection.fault, name)
                self.page.fault(node, what, said("it moves: {}", ", ".join(sorted(moved)) or "–"))
            elif _sort(value) is not _sort(moved[name]):
                what = said("{!r} is no figure for {!r}", value, name)
                usual = moved[name]
                like = str(usual).lower() if isinstance(usual, bool) else str(usual)
                self.page.fault(node, what, said("write one like {}", like))

    def expectation(self, node: yaml.Node, injection: Injection) -> Expectation:
        found = self.page.fields(
            node, required=("rule", "within"), optional=("equipment", "part", "handled")
        )
        elsewhere = self._optional(found.get("equipment"), self.who)
        return Expectation(
            rule=self.rule(found.get("rule")),
            within=self.page.duration(found.get("within")),
            equipment=elsewhere or injection.equipment,
            part=self._optional(found.get("part"), self.page.text),
            handled=self.handled(found.get("handled")),
        )

    def also(self, node: yaml.Node) -> Also:
        found = self.page.fields(node, required=("rule",), optional=("equipment", "times"))
        times = self.page.number(found.get("times"))
        if times is not None and (times < 1 or times != int(times)):
            self.page.fault(found["times"], said("'times' is a count, from 1 on"))
        return Also(
            rule=self.rule(found.get("rule")),
            equipment=self._optional(found.get("equipment"), self.who),
            times=1 if times is None else int(times),
        )

    def rule(self, node: yaml.Node | None) -> str:
        """Read a rule's name; one that is not in force is a mistake."""
        name = self.page.text(node)
        if node is not None and self.rules is not None and name not in self.rules:
            self.page.fault(node, said("there is no rule {!r}", name), nearest(name, self.rules))
        return name

    def handled(self, node: yaml.Node | None) -> tuple[Act, ...]:
        """Read what people do about an alert: each step so long after it opened, in their order."""
        acts: list[Act] = []
        for one in self.page.items(node):
            found = self.page.fields(one, required=("step", "after"), optional=("found",))
            act = Act(
                doing=self.page.choice(found.get("step"), Doing, Doing.ACKNOWLEDGE),
                after=self.page.duration(found.get("after")),
                found=self._optional(
                    found.get("found"), lambda word: self.page.choice(word, Found, Found.REAL)
                ),
            )
            if acts and act.after < acts[-1].after:
                self.page.fault(
                    one, said("a step before the one above it"), said("write them in their order")
                )
            if (act.doing is Doing.VERDICT) != (act.found is not None):
                self.page.fault(one, said("'found' belongs to 'verdict', and only there"))
            acts.append(act)
        return tuple(acts)

    def offset(self, node: yaml.Node | None) -> Micros:
        """Read a time from the scenario's start."""
        text = self.page.text(node)
        match = _OFFSET.fullmatch(text)
        if match is None:
            if node is not None:
                self.page.fault(
                    node, said("{!r} is no time", text), said("write HH:MM or HH:MM:SS")
                )
            return 0
        return int(match[1]) * HOUR + int(match[2]) * MINUTE + int(match[3] or 0) * SECOND

    def settings(self, node: yaml.Node | None) -> Mapping[str, Scalar]:
        if node is None:
            return {}
        return {name: scalar(self.page.text(one)) for name, one in self.page.entries(node).items()}

    def _optional(self, node: yaml.Node | None, read: Callable[[yaml.Node], Read]) -> Read | None:
        return read(node) if node is not None else None
