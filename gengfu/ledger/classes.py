"""Equipment classes as data: one YAML file each, read strictly, all mistakes at once.

Whatever the product knows about a kind of equipment comes from here; adding one is adding a file.
Every class also gets the point ``online``, which ``up/status`` fills, and, unless its own clauses
say what being offline means, the clause that an offline equipment's state is unknown.
"""

from collections.abc import Mapping
from pathlib import Path

import yaml

from gengfu.core.errors import BadInput, Fault
from gengfu.core.expression import PointType, Scope
from gengfu.core.expression.parser import BUILT_IN, RESERVED
from gengfu.core.names import PointKind
from gengfu.core.naming import Bilingual, is_slug
from gengfu.core.said import said
from gengfu.core.states import OperatingState
from gengfu.ledger.model import (
    AttributeDef,
    Criticality,
    EquipmentClass,
    EventDef,
    PointDef,
    StateClause,
)
from gengfu.marked import Page, is_identifier, read_text

SHIPPED = Path(__file__).parent / "classes"

ONLINE = PointDef(
    name="online",
    kind=PointKind.BOOLEAN,
    title=Bilingual(zh="在线", en="Online"),
    tags=("device", "sensor"),
    vital=True,
)
OFFLINE_IS_UNKNOWN = StateClause(state=OperatingState.UNKNOWN, when="not online")

_CLASS_KEYS = (
    "class",
    "title",
    "brick",
    "tags",
    "icon",
    "criticality",
    "availability_target",
    "silent_after",
    "points",
    "events",
    "operating_state",
    "packs",
)
_POINT_OPTIONS = ("unit", "words", "tags", "low", "high", "digits", "optional", "vital")


def load_classes(folder: Path | None = None, *extra: Path) -> Mapping[str, EquipmentClass]:
    """Read every ``*.yaml`` of the shipped folder (or ``folder``) and of the user's own folders.

    A class of a later folder replaces one of the same name of an earlier folder.

    Returns:
        Classes by name, sorted.

    Raises:
        BadInput: with all mistakes of all files.
    """
    faults: list[Fault] = []
    classes: dict[str, EquipmentClass] = {}
    for source in (folder or SHIPPED, *extra):
        if not source.is_dir():
            faults.append(Fault(str(source), "folder", said("there is no such folder of classes")))
            continue
        for path in sorted(source.glob("*.yaml")):
            one = _load(path, faults)
            if one is not None:
                classes[one.name] = one
    if faults:
        raise BadInput(faults)
    return dict(sorted(classes.items()))


def _load(path: Path, faults: list[Fault]) -> EquipmentClass | None:
    page = Page(str(path), faults)
    try:
        text = read_text(path)
    except BadInput as exc:
        faults.extend(exc.faults)
        return None
    before = len(faults)
    node = page.root(text)
    one = _class(page, node) if node is not None else None
    if one is not None and one.name != path.stem and len(faults) == before:
        faults.append(
            Fault(
                str(path),
                "1",
                said("the class is {!r}", one.name),
                said("name it {}.yaml", one.name),
            )
        )
    return one


def read_class(text: str, file: str) -> EquipmentClass:
    """Read one class file's text.

    Raises:
        BadInput: with all its mistakes.
    """
    page = Page(file)
    node = page.root(text)
    one = _class(page, node) if node is not None else None
    if page.faults or one is None:
        raise BadInput(page.faults)
    return one


def _class(page: Page, node: yaml.Node) -> EquipmentClass:
    found = page.fields(node, required=_CLASS_KEYS, optional=("attributes", "life_safety"))
    name = page.text(found.get("class"))
    if "class" in found and not is_slug(name):
        page.fault(
            found["class"], said("the class {!r} is no id", name), said("use a-z, 0-9, - and _")
        )
    points = _points(page, found.get("points"))
    attributes = _attributes(page, found.get("attributes"))
    return EquipmentClass(
        name=name,
        title=page.bilingual(found.get("title")),
        brick=page.text(found.get("brick")),
        tags=page.texts(found.get("tags")),
        icon=page.text(found.get("icon")),
        criticality=page.choice(found.get("criticality"), Criticality, Criticality.GENERAL),
        availability_target=_target(page, found.get("availability_target")),
        silent_after=page.duration(found.get("silent_after")),
        points=points,
        events=_events(page, found.get("events")),
        attributes=attributes,
        operating_state=_clauses(page, found.get("operating_state"), points, attributes),
        packs=page.texts(found.get("packs")),
        life_safety=page.boolean(found.get("life_safety")),
    )


def _target(page: Page, node: yaml.Node | None) -> float:
    share = page.number(node)
    if node is not None and share is not None and not 0 < share <= 1:
        page.fault(
            node, said("{:g} is no share of required time", share), said("write 0.99 for 99 %")
        )
    return share if share is not None else 1.0


def _points(page: Page, node: yaml.Node | None) -> dict[str, PointDef]:
    points = {ONLINE.name: ONLINE}
    for item in page.items(node):
        point = _point(page, item)
        if point.name == ONLINE.name:
            page.fault(
                item,
                said("every class has 'online' already"),
                said("leave it out: up/status fills it"),
            )
        elif point.name in points:
            page.fault(item, said("the point {!r} stands here twice", point.name))
        elif point.name:
            points[point.name] = point
    return points


def _point(page: Page, node: yaml.Node) -> PointDef:
    found = page.fields(node, required=("name", "kind", "title"), optional=_POINT_OPTIONS)
    name = page.identifier(found.get("name"), said("the point"))
    if name in BUILT_IN | RESERVED:
        page.fault(
            node, said("{!r} is a word of the rule language", name), said("choose another name")
        )
    kind = page.choice(found.get("kind"), PointKind, PointKind.ANALOG)
    point = PointDef(
        name=name,
        kind=kind,
        title=page.bilingual(found.get("title")),
        unit=page.text(found.get("unit")),
        words=_words(page, found.get("words")),
        tags=page.texts(found.get("tags")),
        low=page.number(found.get("low")),
        high=page.number(found.get("high")),
        digits=int(page.number(found.get("digits")) or 0),
        optional=page.boolean(found.get("optional")),
        vital=page.boolean(found.get("vital")),
    )
    _check_point(page, node, point)
    return point


def _check_point(page: Page, node: yaml.Node, point: PointDef) -> None:
    measured = point.kind in {PointKind.ANALOG, PointKind.INTEGER}
    if point.kind is PointKind.ENUM and not point.words:
        page.fault(
            node,
            said("the enum {!r} has no words", point.name),
            said("words: {{closed: {{zh: 关, en: closed}}}}"),
        )
    if point.kind is not PointKind.ENUM and point.words:
        page.fault(node, said("{!r} is {}, only an enum has words", point.name, point.kind))
    if not measured and (point.low is not None or point.high is not None):
        page.fault(node, said("{!r} is {}, it has no low and high", point.name, point.kind))
    if point.low is not None and point.high is not None and point.low >= point.high:
        page.fault(node, said("low of {!r} is not below high", point.name))
    if not 0 <= point.digits <= 6:
        page.fault(
            node, said("{} decimals of {!r} are not within 0 to 6", point.digits, point.name)
        )


def _words(page: Page, node: yaml.Node | None) -> dict[str, Bilingual]:
    if node is None:
        return {}
    words = {}
    for word, title in page.entries(node).items():
        if not is_identifier(word):
            page.fault(
                title,
                said("the word {!r} is no name", word),
                said("use a-z, 0-9 and _, a letter first"),
            )
        words[word] = page.bilingual(title)
    return words


def _events(page: Page, node: yaml.Node | None) -> dict[str, EventDef]:
    events: dict[str, EventDef] = {}
    for item in page.items(node):
        found = page.fields(item, required=("type", "title"), optional=("attributes",))
        kind = page.identifier(found.get("type"), said("the event type"))
        if kind in events:
            page.fault(item, said("the event {!r} stands here twice", kind))
        attributes = found.get("attributes")
        events[kind] = EventDef(
            type=kind,
            title=page.bilingual(found.get("title")),
            attributes={name: page.texts(words) for name, words in page.entries(attributes).items()}
            if attributes is not None
            else {},
        )
    return events


def _attributes(page: Page, node: yaml.Node | None) -> dict[str, AttributeDef]:
    attributes: dict[str, AttributeDef] = {}
    for item in page.items(node):
        found = page.fields(item, required=("name", "kind", "title"), optional=("unit", "words"))
        name = page.identifier(found.get("name"), said("the attribute"))
        if name in attributes:
            page.fault(item, said("the attribute {!r} stands here twice", name))
        kind = page.choice(found.get("kind"), PointKind, PointKind.TEXT)
        words = _words(page, found.get("words"))
        if (kind is PointKind.ENUM) is not bool(words):
            page.fault(item, said("{!r}: an enum has words, and nothing else has", name))
        attributes[name] = AttributeDef(
            name=name,
            kind=kind,
            title=page.bilingual(found.get("title")),
            unit=page.text(found.get("unit")),
            words=words,
        )
    return attributes


def _clauses(
    page: Page,
    node: yaml.Node | None,
    points: Mapping[str, PointDef],
    attributes: Mapping[str, AttributeDef],
) -> tuple[StateClause, ...]:
    clauses: list[StateClause] = []
    named: set[str] = set()
    scope = Scope(
        points={one.name: PointType(one.kind, tuple(one.words)) for one in points.values()},
        attributes={one.name: PointType(one.kind) for one in attributes.values()},
    )
    for item in page.items(node):
        found = page.fields(item, required=("state", "when"))
        state = page.choice(found.get("state"), OperatingState, OperatingState.UNKNOWN)
        when = page.text(found.get("when"))
        expression = page.expression(found["when"], scope) if "when" in found else None
        named |= expression.points if expression else set()
        clauses.append(StateClause(state=state, when=when))
    if node is not None and not clauses:
        page.fault(node, said("no clause says how the operating state follows from the points"))
    offline = () if ONLINE.name in named else (OFFLINE_IS_UNKNOWN,)
    return (*offline, *clauses)
