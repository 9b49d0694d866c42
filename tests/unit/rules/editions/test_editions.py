"""Changes of rules by people: what each needs, what becomes of it, and that nothing is forgotten."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gengfu.core.clock import DAY, MINUTE
from gengfu.core.errors import BadInput
from gengfu.database import open_sqlite
from gengfu.ledger.classes import load_classes
from rules import packs
from rules.editions.editor import Asker, ChangeRefused, Editor, Refusal
from rules.editions.model import Need, Status, Trial
from rules.editions.store import EditionStore
from rules.language.reader import read_rules
from tests.fakes.rule_book import AuditList

NOW = 1_800_000_000_000_000
FIRE = "fire_panel.first_signal"
HOT = "pump.bearing_hot"
TRIAL = Trial(at=NOW, start=NOW - DAY, end=NOW, alarms=3, walks=1)


@dataclass
class Desk:
    """An editor over a fresh database, and its audit trail."""

    editor: Editor
    store: EditionStore
    audit: AuditList


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return the editor of an installation with the shipped packs."""
    store = EditionStore(open_sqlite(tmp_path / "desk.db"))
    store.prepare()
    audit = AuditList()
    return Desk(Editor(packs.shipped(), load_classes(), store, audit), store, audit)


def changed(desk: Desk, rule: str, old: str, new: str) -> str:
    """Return a rule's text with a change that is really one."""
    text = desk.editor.text_of(rule)
    assert old in text
    return text.replace(old, new)


def test_enabled_without_a_back_test_and_without_a_reason(desk: Desk) -> None:
    """A text that nobody tried is refused until a reason is given; with one it is in force."""
    draft = changed(desk, HOT, "bearing_temp > 95", "bearing_temp > 90")
    with pytest.raises(ChangeRefused) as refused:
        desk.editor.enable(draft, reason=" ", by=Asker("wang", NOW))
    assert refused.value.reason is Refusal.NEEDS_REASON
    assert not desk.audit.entries
    (edition,) = desk.editor.enable(draft, reason="维保单位要求", by=Asker("wang", NOW))
    assert edition.status is Status.IN_FORCE
    assert desk.audit.entries == [("wang", "rule_changed", HOT)]
    assert "> 90" in str(desk.editor.book().rules[HOT].when)


def test_enabled_after_a_back_test_of_another_text(desk: Desk) -> None:
    """A back-test counts for exactly the text that it tried, whatever its line ends."""
    draft = changed(desk, HOT, "bearing_temp > 95", "bearing_temp > 90")
    desk.editor.note_trial(draft.replace("\n", "  \n"), TRIAL)
    other = draft.replace("> 90", "> 89")
    with pytest.raises(ChangeRefused):
        desk.editor.enable(other, reason="", by=Asker("wang", NOW))
    (edition,) = desk.editor.enable(draft, reason="", by=Asker("wang", NOW))
    assert edition.trial == TRIAL


def test_life_safety_changed_by_one_person(desk: Desk) -> None:
    """A life-safety rule goes on as it was until somebody else approves its change."""
    before = desk.editor.book().rules[FIRE]
    edition = desk.editor.switch_off(FIRE, reason="误报太多", by=Asker("wang", NOW))
    assert edition.status is Status.PROPOSED
    assert desk.editor.book().rules[FIRE] == before
    with pytest.raises(ChangeRefused) as refused:
        desk.editor.decide(edition.number, approve=True, by=Asker("wang", NOW))
    assert refused.value.reason is Refusal.SAME_PERSON
    desk.editor.decide(edition.number, approve=True, by=Asker("li", NOW + MINUTE))
    assert FIRE not in desk.editor.book().rules
    assert [one[:2] for one in desk.audit.entries] == [
        ("wang", "rule_change_proposed"),
        ("li", "rule_change_approved"),
    ]


def test_proposal_refused_or_withdrawn(desk: Desk) -> None:
    """What is refused, also by its author, changes nothing and cannot be approved any more."""
    edition = desk.editor.switch_off(FIRE, reason="x", by=Asker("wang", NOW))
    desk.editor.decide(edition.number, approve=False, by=Asker("wang", NOW))
    with pytest.raises(ChangeRefused) as refused:
        desk.editor.decide(edition.number, approve=True, by=Asker("li", NOW))
    assert refused.value.reason is Refusal.NOT_PROPOSED
    assert FIRE in desk.editor.book().rules


@pytest.mark.parametrize(
    ("rule", "off", "tried", "wanted"),
    [
        (HOT, False, True, set()),
        (HOT, False, False, {Need.REASON}),
        (HOT, True, True, {Need.REASON}),
        (FIRE, False, True, {Need.SECOND_PERSON}),
        (FIRE, False, False, {Need.REASON, Need.SECOND_PERSON}),
    ],
)
def test_what_a_change_needs(
    desk: Desk, rule: str, off: bool, tried: bool, wanted: set[Need]
) -> None:
    """Untried needs a reason, life safety needs two, and switching off is never without a reason."""
    draft = changed(desk, rule, "\n  severity:", "\n  supply: true\n  severity:")
    if tried:
        desk.editor.note_trial(draft, TRIAL)
    if off:
        with pytest.raises(ChangeRefused):
            desk.editor.switch_off(rule, reason="", by=Asker("wang", NOW))
    else:
        assert desk.editor.needs_of(draft) == wanted


def test_way_back(desk: Desk) -> None:
    """Editions are kept: an older one can be enabled again, and the file's rule restored."""
    first = changed(desk, HOT, "bearing_temp > 95", "bearing_temp > 90")
    second = first.replace("> 90", "> 89")
    for text in (first, second, first):
        desk.editor.enable(text, reason="试", by=Asker("wang", NOW))
    assert [one.status for one in desk.editor.history(HOT)] == [
        Status.IN_FORCE,
        Status.REPLACED,
        Status.REPLACED,
    ]
    desk.editor.restore(HOT, reason="回到自带规则", by=Asker("li", NOW))
    original = {rule.id: rule for rule in read_rules(packs.shipped(), load_classes())}
    assert desk.editor.book().rules == original
    with pytest.raises(ChangeRefused):
        desk.editor.restore(HOT, reason="again", by=Asker("li", NOW))


def test_restore_ends_an_own_life_safety_rule(desk: Desk) -> None:
    """What a second person has to approve as a switch-off, no way back does alone."""
    text = desk.editor.text_of(FIRE).replace("id: first_signal", "id: ours")
    (own,) = desk.editor.enable(text, reason="新增", by=Asker("wang", NOW))
    off = desk.editor.switch_off(own.rule, reason="x", by=Asker("li", NOW))
    back = desk.editor.restore(own.rule, reason="x", by=Asker("li", NOW))
    assert back is not None
    assert back.status is Status.PROPOSED
    assert own.rule in desk.editor.book().rules
    assert [one.number for one in desk.editor.proposed()] == [back.number]
    with pytest.raises(ChangeRefused):
        desk.editor.decide(off.number, approve=True, by=Asker("wang", NOW))
    desk.editor.decide(back.number, approve=True, by=Asker("wang", NOW))
    assert own.rule not in desk.editor.book().rules
    assert not desk.editor.proposed()


def test_restore_undoes_what_two_agreed_on(desk: Desk) -> None:
    """Back to the file's is a change too; approved, no edition is left between rule and file."""
    draft = changed(desk, FIRE, "\n  severity:", "\n  supply: true\n  severity:")
    (tightened,) = desk.editor.enable(draft, reason="加强", by=Asker("wang", NOW))
    desk.editor.decide(tightened.number, approve=True, by=Asker("li", NOW))
    back = desk.editor.restore(FIRE, reason="独自", by=Asker("wang", NOW))
    assert back is not None
    assert desk.editor.book().rules[FIRE].supply
    with pytest.raises(ChangeRefused) as refused:
        desk.editor.decide(back.number, approve=True, by=Asker("wang", NOW))
    assert refused.value.reason is Refusal.SAME_PERSON
    desk.editor.decide(back.number, approve=True, by=Asker("li", NOW))
    assert not desk.editor.book().rules[FIRE].supply
    assert FIRE not in desk.editor.book().editions


def test_proposal_about_a_rule_that_is_gone(desk: Desk) -> None:
    """A rule switched off by two is taken on again by one: what waited to change it is refused."""
    off = desk.editor.switch_off(FIRE, reason="x", by=Asker("wang", NOW))
    desk.editor.decide(off.number, approve=True, by=Asker("li", NOW))
    (waits,) = desk.store.add([replace(off, status=Status.PROPOSED)])
    assert desk.editor.restore(FIRE, reason="恢复", by=Asker("wang", NOW)) is None
    assert FIRE in desk.editor.book().rules
    assert not desk.editor.proposed()
    with pytest.raises(ChangeRefused):
        desk.editor.decide(waits.number, approve=True, by=Asker("li", NOW))


def test_draft_with_mistakes_or_without_a_change(desk: Desk) -> None:
    """Mistakes are told, all of them; a text that changes nothing makes no edition."""
    draft = changed(desk, HOT, "bearing_temp > 95", "bearing_tmp > 95")
    with pytest.raises(BadInput):
        desk.editor.enable(draft, reason="x", by=Asker("wang", NOW))
    with pytest.raises(ChangeRefused) as refused:
        desk.editor.enable(desk.editor.text_of(HOT), reason="x", by=Asker("wang", NOW))
    assert refused.value.reason is Refusal.UNCHANGED
    assert desk.store.version() == 0


def test_new_rule_beside_a_changed_one(desk: Desk) -> None:
    """A draft of several rules becomes an edition for each rule that it changes or adds."""
    draft = desk.editor.text_of(HOT)
    body = draft.split("rules:\n", 1)[1]
    both = draft + body.replace("id: bearing_hot", "id: bearing_warm").replace("> 95", "> 91")
    editions = desk.editor.enable(both, reason="预警", by=Asker("wang", NOW))
    assert [one.rule for one in editions] == ["pump.bearing_warm"]
    assert "pump.bearing_warm" in desk.editor.book().rules
    assert "bearing_hot" not in editions[0].text


def test_edition_that_a_later_version_cannot_read(desk: Desk) -> None:
    """An edition that does not read any more is set aside and told; the file's rule holds."""
    draft = changed(desk, HOT, "bearing_temp > 95", "bearing_temp > 90")
    desk.editor.enable(draft, reason="x", by=Asker("wang", NOW))
    classes = dict(load_classes())
    pump = classes["pump"]
    points = {name: one for name, one in pump.points.items() if name != "bearing_temp"}
    files = {"pump.yaml": "pack: pump\nrules: []\n"}
    classes["pump"] = type(pump)(
        **{name: getattr(pump, name) for name in pump.__slots__ if name != "points"},
        points=points,
    )
    book = Editor(files, classes, desk.store, desk.audit).book()
    assert not book.rules
    assert any("bearing_temp" in one.message for one in book.faults)
