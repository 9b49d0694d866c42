"""Scenarios: what breaks when, and what ought to be noticed, written as YAML by a person.

Times of the script are ``HH:MM[:SS]`` from the scenario's start, and may pass 24:00. All mistakes
of a file are found at once.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import yaml

from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros
from gengfu.core.errors import BadInput
from gengfu.core.naming import Bilingual, Scalar
from gengfu.ledger.model import Equipment, SiteLedger
from gengfu.marked import Page, read_text
from simulators.catalogue import PLAYERS, faults_of
from simulators.device import Injection

Read = TypeVar("Read")

SHIPPED = Path(__file__).parent / "scenarios"

_OFFSET = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_INJECTION = ("part", "with")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """An alert of ``rule`` that ought to open ``within`` so long after the fault began."""

    rule: str
    within: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One fault of the script; times from the scenario's start. ``ends`` None = it stays."""

    begins: Micros
    ends: Micros | None
    injection: Injection
    expects: tuple[Expectation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallThing:
    """A fault of an ordinary day and how long it lasts."""

    injection: Injection
    lasts: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Afterwards:
    """One of ``choices`` every so often, ± ``jitter``."""

    every: Micros
    jitter: Micros
    choices: tuple[SmallThing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A story with its truth written down."""

    name: str
    title: Bilingual
    steps: tuple[Step, ...] = ()
    afterwards: Afterwards | None = None

    @property
    def length(self) -> Micros:
        """Return when the script's last fault begins or ends, from the scenario's start."""
        return max((step.ends or step.begins for step in self.steps), default=0)

    def of(self, ledger: SiteLedger) -> "Scenario":
        """Return the part of the story that happens at one site."""
        steps = tuple(one for one in self.steps if one.injection.equipment in ledger.equipment)
        small = self.afterwards and tuple(
            one for one in self.afterwards.choices if one.injection.equipment in ledger.equipment
        )
        afterwards = replace(self.afterwards, choices=small) if self.afterwards and small else None
        return replace(self, steps=steps, afterwards=afterwards)


def read_scenario(path: Path, ledgers: Sequence[SiteLedger]) -> Scenario:
    """Read a scenario for the equipment of these ledgers.

    Raises:
        BadInput: with every mistake and its line.
    """
    text = read_text(path)
    equipment = {id_: one for ledger in ledgers for id_, one in ledger.equipment.items()}
    reader = _Reader(Page(str(path)), equipment)
    scenario = reader.scenario(text)
    if reader.page.faults:
        raise BadInput(reader.page.faults)
    return scenario


def find_scenario(name: str) -> Path:
    """Return the file of a scenario given by path or by the name of one that is shipped."""
    path = Path(name)
    return path if path.suffix or path.exists() else SHIPPED / f"{name}.yaml"


@dataclass(slots=True)
class _Reader:
    """Reads one file; mistakes go to the page and a stand-in comes back."""

    page: Page
    equipment: Mapping[str, Equipment]

    def scenario(self, text: str) -> Scenario:
        root = self.page.root(text)
        if root is None:
            return Scenario(name="", title=Bilingual("", ""))
        found = self.page.fields(
            root, required=("scenario", "title", "timeline"), optional=("afterwards",)
        )
        return Scenario(
            name=self.page.text(found.get("scenario")),
            title=self.page.bilingual(found.get("title")),
            steps=tuple(self.step(node) for node in self.page.items(found.get("timeline"))),
            afterwards=self._optional(found.get("afterwards"), self.afterwards),
        )

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
            self.page.fault(found["for"], "both 'for' and 'until'", "keep one")
        elif ends is not None and ends <= begins:
            self.page.fault(found["until"], "'until' is not after 'at'")
        return Step(
            begins=begins,
            ends=ends,
            injection=self.injection(node, found),
            expects=tuple(self.expectation(one) for one in self.page.items(found.get("expect"))),
        )

    def afterwards(self, node: yaml.Node) -> Afterwards:
        found = self.page.fields(node, required=("every", "any_of"), optional=("jitter",))
        every = self.page.duration(found.get("every"))
        jitter = self._optional(found.get("jitter"), self.page.duration) or 0
        choices = tuple(self.small_thing(one) for one in self.page.items(found.get("any_of")))
        if not choices and "any_of" in found:
            self.page.fault(found["any_of"], "there is nothing to choose from")
        if any(small.lasts + 2 * jitter >= every for small in choices):
            self.page.fault(node, "one small thing would run into the next", "raise 'every'")
        return Afterwards(every=every, jitter=jitter, choices=choices)

    def small_thing(self, node: yaml.Node) -> SmallThing:
        found = self.page.fields(node, required=("equipment", "fault", "for"), optional=_INJECTION)
        return SmallThing(
            injection=self.injection(node, found), lasts=self.page.duration(found.get("for"))
        )

    def injection(self, node: yaml.Node, found: Mapping[str, yaml.Node]) -> Injection:
        """Read who gets which fault, and check that it can happen there."""
        part = self._optional(found.get("part"), self.page.text)
        injection = Injection(
            equipment=self.page.text(found.get("equipment")),
            fault=self.page.text(found.get("fault")),
            part=part,
            settings=self.settings(found.get("with")),
        )
        known = self.equipment.get(injection.equipment)
        if known is None and "equipment" in found:
            self.page.fault(
                found["equipment"], f"no equipment {injection.equipment!r} in the ledger"
            )
        if known is not None and "fault" in found:
            self.check_fault(node, injection, known)
        return injection

    def check_fault(self, node: yaml.Node, injection: Injection, known: Equipment) -> None:
        """Note a fault that its class does not know, and a part that is missing or unknown."""
        faults = faults_of(known.equipment_class)
        if injection.fault not in faults:
            self.page.fault(
                node,
                f"a {known.equipment_class} knows no fault {injection.fault!r}",
                f"known: {', '.join(sorted(faults)) or 'none, nothing plays this class'}",
            )
            return
        player = PLAYERS[known.equipment_class]
        if injection.fault in player.needs_part and injection.part is None:
            self.page.fault(node, f"{injection.fault!r} happens at an address", "add 'part'")
        if injection.part is not None and injection.part not in known.parts:
            self.page.fault(node, f"{known.id} has no part {injection.part!r}")

    def expectation(self, node: yaml.Node) -> Expectation:
        found = self.page.fields(node, required=("rule", "within"))
        return Expectation(
            rule=self.page.text(found.get("rule")), within=self.page.duration(found.get("within"))
        )

    def offset(self, node: yaml.Node | None) -> Micros:
        """Read a time from the scenario's start."""
        text = self.page.text(node)
        match = _OFFSET.fullmatch(text)
        if match is None:
            if node is not None:
                self.page.fault(node, f"{text!r} is no time", "write HH:MM or HH:MM:SS")
            return 0
        return int(match[1]) * HOUR + int(match[2]) * MINUTE + int(match[3] or 0) * SECOND

    def settings(self, node: yaml.Node | None) -> Mapping[str, Scalar]:
        if node is None:
            return {}
        return {name: _scalar(self.page.text(one)) for name, one in self.page.entries(node).items()}

    def _optional(self, node: yaml.Node | None, read: Callable[[yaml.Node], Read]) -> Read | None:
        return read(node) if node is not None else None


def _scalar(text: str) -> Scalar:
    if text in {"true", "false"}:
        return text == "true"
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text
