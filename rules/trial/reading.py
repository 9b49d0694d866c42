"""Reads files of rule tests: YAML → ``Book``, or every mistake at once."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import get_args
from zoneinfo import ZoneInfo

import yaml

from gengfu.core.clock import SECOND, Micros
from gengfu.core.errors import BadInput, Fault
from gengfu.core.expression import nearest, parse_span
from gengfu.core.hours import DayKind, read_timetable
from gengfu.core.naming import Bilingual, Language, Scalar, Subject, is_slug
from gengfu.core.said import Misread, said
from gengfu.core.urgency import Severity
from gengfu.ledger.model import Equipment, EquipmentClass, EventDef, Place, PlaceKind, SpecialDays
from gengfu.marked import Page
from rules.language.rule import Told
from rules.trial.case import BEGINNING, BUILDING, Book, Case, Expected, Happening, Sample
from rules.trial.series import read_series, read_value

_CASE = (
    *("rule", "begins", "guarded", "calendar"),
    *("every", "tick", "until", "series", "events"),
)
_ZONE = ZoneInfo("Asia/Shanghai")
"""Of every test's site."""
_ALERT = ("rule", "equipment", "part", "cleared", "since", "occurrences", "severity", "title")
_ESTATE = ("parent", "attributes", "feeds", "place")
_PIECE = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:ms|[smhd])")
_MOMENT = re.compile(f"(?:{_PIECE.pattern})+")
LONGEST_TEST: Micros = 40 * 24 * 3600 * SECOND


def read_book(file: str, text: str, classes: Mapping[str, EquipmentClass]) -> Book:
    """Read one file of rule tests.

    Raises:
        BadInput: with every mistake: its line, what is wrong, how to mend it.
    """
    faults: list[Fault] = []
    page = Page(file, faults)
    root = page.root(text)
    if root is not None and "tests" not in (keys := page.entries(root)) and "pack" in keys:
        page.fault(root, said("is a rule file, not one of rule tests"), said("gengfu rules check"))
        raise BadInput(faults)
    fields = page.fields(root, required=("tests",), optional=("rules",)) if root else {}
    cases = tuple(_CaseReader(page, one, classes).read() for one in page.items(fields.get("tests")))
    rules = page.texts(fields["rules"]) if "rules" in fields else ()
    if faults:
        raise BadInput(faults)
    return Book(file=file, rules=rules, cases=cases)


class _CaseReader:
    """Reads one test; every mistake becomes a fault of the page."""

    def __init__(self, page: Page, node: yaml.Node, classes: Mapping[str, EquipmentClass]) -> None:
        self._page = page
        self._node = node
        self._classes = classes
        self._fields = page.fields(node, required=("name", "equipment", "alerts"), optional=_CASE)
        self._equipment: dict[str, Equipment] = {}
        self._places: dict[str, Place] = {BUILDING.id: BUILDING}

    def read(self) -> Case:
        page, fields = self._page, self._fields
        self._equipment = self._estate(fields.get("equipment"))
        samples, ends = self._series(fields.get("series"))
        happenings = tuple(self._happening(one) for one in page.items(fields.get("events")))
        last = max([ends, *(one.at for one in happenings)], default=0)
        return Case(
            file=page.file,
            place=str(self._node.start_mark.line + 1),
            name=page.text(fields.get("name")),
            rule=page.text(fields.get("rule")),
            equipment=tuple(self._equipment.values()),
            places=self._places,
            samples=samples,
            happenings=happenings,
            begins=self._begins(),
            guarded=self._guarded(),
            special_days=self._calendar(),
            tick=self._step("tick", SECOND),
            until=max(last, self._moment(fields.get("until"), 0)),
            alerts=tuple(self._expected(one) for one in page.items(fields.get("alerts"))),
        )

    def _begins(self) -> Micros:
        """Return when the test begins, from the wall clock of its site: ``2026-10-01 21:30``."""
        node = self._fields.get("begins")
        if node is None:
            return BEGINNING
        try:
            said_at = datetime.fromisoformat(self._page.text(node))
        except ValueError:
            self._page.fault(node, said("is no date and time"), said("write 2026-10-01 21:30"))
            return BEGINNING
        local = said_at if said_at.tzinfo else said_at.replace(tzinfo=_ZONE)
        return round(local.timestamp()) * SECOND

    def _guarded(self) -> str:
        text = self._page.text(self._fields.get("guarded"))
        try:
            read_timetable(text)
        except Misread as exc:
            self._page.fault(self._fields["guarded"], exc.said, said("such as 22:00-06:00"))
        return text

    def _calendar(self) -> tuple[SpecialDays, ...]:
        """Read ``{2026-10-01: holiday, 2026-10-10: workday}``."""
        node, found = self._fields.get("calendar"), list[SpecialDays]()
        for text, one in (self._page.entries(node) if node else {}).items():
            kind = self._page.choice(one, DayKind, DayKind.HOLIDAY)
            try:
                day = date.fromisoformat(text)
            except ValueError:
                self._page.fault(one, said("{!r} is no date", text), said("write 2026-10-01"))
                continue
            found.append(SpecialDays(first=day, last=day, day=kind))
        return tuple(found)

    def _moment(self, node: yaml.Node | None, fallback: Micros) -> Micros:
        """Return a time from the test's beginning: ``0s``, ``70s``, ``1h10m``."""
        if node is None:
            return fallback
        text = self._page.text(node)
        try:
            pieces = _PIECE.findall(text) if _MOMENT.fullmatch(text) else [text]
            total = sum(map(parse_span, pieces))
        except Misread as exc:
            self._page.fault(node, exc.said)
            return fallback
        if not 0 <= total <= LONGEST_TEST:
            self._page.fault(node, said("a test lasts at most 40 days"))
            return 0
        return total

    def _step(self, name: str, fallback: Micros) -> Micros:
        """Return how long one step takes: never no time at all."""
        node = self._fields.get(name)
        span = self._moment(node, fallback)
        if node is not None and not span:
            self._page.fault(node, said("the duration is zero"))
        return span or fallback

    def _estate(self, node: yaml.Node | None) -> dict[str, Equipment]:
        if node is None:
            return {}
        found: dict[str, Equipment] = {}
        for name, one in self._page.entries(node).items():
            if not is_slug(name):
                self._page.fault(
                    one, said("{!r} is no equipment's id", name), said("use a-z, 0-9, - and _")
                )
            found[name] = self._one(name, one)
        for parent in {one.parent for one in found.values()} - {None, *found}:
            self._page.fault(node, said("no parent {!r} here", parent), nearest(str(parent), found))
        for circling in (name for name in found if _in_circle(name, found)):
            message = said("{}: the parents of this equipment lead back to it", circling)
            self._page.fault(node, message)
        known = found.keys() | self._places.keys()
        for fed in {fed for one in found.values() for fed in one.feeds} - known:
            self._page.fault(node, said("nothing {!r} to feed here", fed), nearest(fed, known))
        return found

    def _one(self, name: str, node: yaml.Node) -> Equipment:
        page = self._page
        fields = page.fields(node, required=("class",), optional=_ESTATE)
        class_ = page.text(fields.get("class"))
        if "class" in fields and class_ not in self._classes:
            page.fault(
                fields["class"], said("no class {!r}", class_), nearest(class_, self._classes)
            )
        attributes = page.entries(fields["attributes"]) if "attributes" in fields else {}
        return Equipment(
            id=name,
            equipment_class=class_,
            name=Bilingual(zh=name, en=name),
            place=self._place(fields.get("place")),
            parent=page.text(fields.get("parent")) or None,
            feeds=page.texts(fields["feeds"]) if "feeds" in fields else (),
            attributes={key: _plain(page.text(one)) for key, one in attributes.items()},
        )

    def _place(self, node: yaml.Node | None) -> str:
        """Return where an equipment stands, from ``{building: b2, floor: f1, zone: north}``."""
        named = self._page.fields(node, required=(), optional=tuple(PlaceKind)) if node else {}
        inner: str | None = None
        for kind in PlaceKind:
            if kind not in named:
                continue
            id_ = self._page.text(named[kind])
            if not is_slug(id_):
                self._page.fault(
                    named[kind], said("{!r} is no place", id_), said("use a-z, 0-9, - and _")
                )
            place = Place(id=id_, kind=kind, name=Bilingual(id_, id_), parent=inner)
            if self._places.setdefault(id_, place) != place and id_ != BUILDING.id:
                self._page.fault(
                    named[kind], said("{!r} stands elsewhere too", id_), said("name it otherwise")
                )
            inner = id_
        return inner or BUILDING.id

    def _class_of(self, node: yaml.Node, name: str) -> EquipmentClass | None:
        one = self._equipment.get(name)
        if one is None and not name:  # which one was asked for already
            return None
        if one is None:
            self._page.fault(
                node, said("no equipment {!r} here", name), nearest(name, self._equipment)
            )
            return None
        return self._classes.get(one.equipment_class)

    def _series(self, node: yaml.Node | None) -> tuple[Mapping[Micros, tuple[Sample, ...]], Micros]:
        """Return the samples by their time, and when the longest series ends."""
        every = self._step("every", 10 * SECOND)
        steps: dict[Micros, list[Sample]] = {}
        last = 0
        for name, points in (self._page.entries(node) if node else {}).items():
            for point, one in self._page.entries(points).items():
                samples = self._one_series(one, name, point)
                last = max(last, (len(samples) - 1) * every)
                for step, sample in enumerate(samples):
                    if sample is not None:
                        steps.setdefault(step * every, []).append(sample)
        return {at: tuple(samples) for at, samples in steps.items()}, last

    def _one_series(self, node: yaml.Node, name: str, point: str) -> list[Sample | None]:
        class_ = self._class_of(node, name)
        if class_ is None:
            return []
        if point not in class_.points:
            mend = nearest(point, class_.points)
            self._page.fault(node, said("class {} has no point {!r}", class_.name, point), mend)
            return []
        try:
            samples = read_series(self._page.text(node), class_.points[point])
        except Misread as exc:
            self._page.fault(node, said("{}: {}", point, exc.said))
            return []
        return [Sample(name, point, one.value) if one is not None else None for one in samples]

    def _happening(self, node: yaml.Node) -> Happening:
        page = self._page
        fields = page.entries(node)
        at, late = (
            self._moment(fields.pop("at", None), 0),
            self._moment(fields.pop("late", None), 0),
        )
        who = self._who(node, fields.pop("equipment", None))
        part = page.text(fields.pop("part", None)) or None
        by_person = "action" in fields
        named = fields.pop("action" if by_person else "event", None)
        type_ = page.choice(named, Told, Told.RESET) if by_person else page.text(named)
        class_ = self._class_of(node, who)
        if class_ is not None and not by_person and type_ not in class_.events:
            page.fault(
                node,
                said("class {} has no event {!r}", class_.name, type_),
                nearest(type_, class_.events),
            )
        return Happening(
            at=at,
            late=late,
            equipment=who,
            type=type_,
            part=part,
            attributes=self._told(fields, class_.events.get(type_) if class_ else None),
            by_person=by_person,
        )

    def _told(
        self, fields: Mapping[str, yaml.Node], event: EventDef | None
    ) -> Mapping[str, Scalar]:
        """Return what an event says besides; a slip in a test would prove a rule silent."""
        found: dict[str, Scalar] = {}
        for name, one in fields.items():
            text = self._page.text(one)
            found[name] = _plain(text)
            if event is None:
                continue
            words = event.attributes.get(name)
            if words is None:
                mend = nearest(name, event.attributes)
                self._page.fault(one, said("the event has no attribute {!r}", name), mend)
            elif words and text not in words:
                mend = nearest(text, words) or said("one of: {}", ", ".join(words))
                self._page.fault(one, said("no word {!r} here", text), mend)
        return found

    def _who(self, node: yaml.Node, named: yaml.Node | None) -> str:
        """Return the equipment meant; where there is only one it need not be named."""
        if name := self._page.text(named):
            return name
        if len(self._equipment) != 1:
            self._page.fault(node, said("which equipment?"), said("write: equipment: ID"))
            return ""
        return next(iter(self._equipment))

    def _expected(self, node: yaml.Node) -> Expected:
        page = self._page
        fields = page.fields(node, required=("opened",), optional=(*_ALERT, "values"))
        who = self._who(node, fields.get("equipment"))
        class_ = self._class_of(node, who)
        rule = page.text(fields.get("rule")) or page.text(self._fields.get("rule"))
        if not rule:
            page.fault(
                node, said("which rule?"), said("write: rule: PACK.NAME, here or for the test")
            )
        cleared, since = fields.get("cleared"), fields.get("since")
        return Expected(
            place=str(node.start_mark.line + 1),
            rule=rule,
            subject=Subject(who, page.text(fields.get("part")) or None),
            opened=self._moment(fields.get("opened"), 0),
            cleared=self._moment(cleared, 0) if cleared is not None else None,
            since=self._moment(since, 0) if since is not None else None,
            occurrences=self._whole(fields.get("occurrences")),
            severity=self._severity(fields.get("severity")),
            title=self._title(fields.get("title")),
            values=self._values(fields.get("values"), class_),
        )

    def _severity(self, node: yaml.Node | None) -> str:
        return self._page.choice(node, Severity, Severity.LOW).value if node is not None else ""

    def _whole(self, node: yaml.Node | None) -> int | None:
        number = self._page.number(node)
        return None if number is None else int(number)

    def _title(self, node: yaml.Node | None) -> Mapping[Language, str]:
        if node is None:
            return {}
        entries = self._page.entries(node)
        languages: tuple[Language, ...] = get_args(Language)
        for language in entries.keys() - set(languages):
            self._page.fault(node, said("no language {!r}", language), said("zh or en"))
        return {one: self._page.text(entries[one]) for one in languages if one in entries}

    def _values(
        self, node: yaml.Node | None, class_: EquipmentClass | None
    ) -> Mapping[str, Scalar]:
        found: dict[str, Scalar] = {}
        for name, one in (self._page.entries(node) if node else {}).items():
            text = self._page.text(one)
            point = class_.points.get(name) if class_ else None
            try:
                unknown = text in {"stale", "null"}
                found[name] = (
                    None if unknown else read_value(text, point) if point else _plain(text)
                )
            except Misread as exc:
                self._page.fault(one, said("{}: {}", name, exc.said))
        return found


def _in_circle(name: str, every: Mapping[str, Equipment]) -> bool:
    """Tell whether an equipment's parents lead back to it."""
    passed: set[str] = set()
    parent = every[name].parent
    while parent is not None and parent in every and parent not in passed:
        passed.add(parent)
        parent = every[parent].parent
    return name in passed


def _plain(text: str) -> Scalar:
    """Return an attribute's value: a truth, a number, or else a text."""
    if text in {"true", "false"}:
        return text == "true"
    try:
        return float(text) if any(mark in text for mark in ".eE") else int(text)
    except ValueError:
        return text
