"""Conditions over related equipment: three-valued, at once, and the same after any restart."""

import itertools
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import SECOND
from gengfu.core.errors import BadInput
from gengfu.core.expression import bind, parse
from gengfu.core.expression.binding import Program
from rules.engine import checkpoint
from rules.engine import step as engine
from rules.engine.assembly import reset_links
from rules.engine.groups import Poll
from rules.engine.state import State
from rules.engine.step import begin, step
from rules.engine.verdict import Verdict
from rules.language.reader import read_rules
from tests.fakes.rule_scene import CLASSES, START, Scene, brief, equipment

HEAD = "severity: low, kind: maintenance, priority: 5, source: U test"
RULES = f"""
pack: t
rules:
  - {{id: many, for: elevator, per: building, when: "count(motor_temp > 80, building) >= 2", hold: 3s,
     title: {{zh: "{{counted}}/{{members}} 热", en: "{{counted}} of {{members}} hot"}}, {HEAD}}}
  - {{id: whole, for: elevator, per: building, when: "all(motor_temp > 80, building)",
     title: {{zh: 全热, en: all hot}}, {HEAD}}}
  - {{id: most, for: elevator, per: site, when: "share(not online, site) > 0.5", title: {{zh: 线, en: link}}, {HEAD}}}
  - {{id: beside, for: elevator, when: "motor_temp < 50 and any(motor_temp > 80, building)",
     title: {{zh: 邻, en: beside}}, {HEAD}}}
  - {{id: switch, for: door, per: siblings, when: "count(contact == open, siblings) >= 2",
     title: {{zh: 门, en: doors}}, {HEAD}}}
  - {{id: stuck, for: elevator, when: "any(fault, site)", kind: life_safety, severity: critical, priority: 2,
     title: {{zh: 困, en: stuck}}, source: U test}}
  - {{id: under, for: door, when: "contact == open and any(motor_temp > 80, building, elevator)",
     title: {{zh: 他, en: "{{counted}} of {{members}} lifts hot"}}, {HEAD}}}
  - {{id: drafty, for: elevator, when: "count(held(contact == open, 5s), building, door) >= 2",
     title: {{zh: 风, en: draft}}, {HEAD}}}
  - {{id: shut_in, for: door, when: "contact == closed and any(fault and attr.x == 1, site, elevator)",
     kind: life_safety, severity: critical, priority: 2, title: {{zh: 关, en: shut in}}, source: U test}}
"""
FILES = {"t.yaml": RULES}
LIFTS = tuple(equipment(f"lift-{n}", "elevator") for n in range(3))
ESTATE = (
    *LIFTS,
    equipment("ctl", "door_controller"),
    equipment("door-1", "door", "ctl"),
    equipment("door-2", "door", "ctl"),
    equipment("alone", "door"),
)


def scene(rules: Mapping[str, str] = FILES) -> Scene:
    return Scene(ESTATE, rules)


# --- three values -------------------------------------------------------------------------------
@given(
    st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=5),
    st.sampled_from(["any(x, zone)", "all(x, zone)"])
    | st.builds(
        "{} {} {}".format,
        st.sampled_from(["count(x, zone)", "share(x, zone)"]),
        st.sampled_from(["<", "<=", ">", ">="]),
        st.sampled_from([0, 0.3, 0.5, 1, 2, 3]),
    )
    | st.builds(
        "{} {} {}".format,
        st.sampled_from([0, 0.3, 0.5, 1, 2]),
        st.sampled_from(["<", "<=", ">", ">="]),
        st.sampled_from(["count(x, zone)", "share(x, zone)"]),
    ),
)
def test_what_every_way_to_know_the_unknown_agrees_on_is_known(
    votes: list[bool | None], text: str
) -> None:
    """True or false exactly when it is so however the unknown ones turn out; else unknown."""
    unknown = votes.count(None)
    outcomes = set()
    for turned in itertools.product([True, False], repeat=unknown):
        rest = iter(turned)
        outcomes.add(value_of(text, [next(rest) if one is None else one for one in votes]))
    wanted = outcomes.pop() if len(outcomes) == 1 else None
    assert value_of(text, votes) is wanted


def value_of(text: str, votes: list[bool | None]) -> object:
    poll = Poll(tuple(range(len(votes))))
    for number, vote in enumerate(votes):
        poll.vote(number, vote)
    (group,) = parse(text).groups
    read = {group.key: Poll.value, group.least: Poll.least, group.most: Poll.most}

    def lookup(name: str) -> Program[Poll]:
        return lambda one: read[name](one, group.function)

    return bind(parse(text), lookup)(poll)


# --- the engine ---------------------------------------------------------------------------------
def test_what_nothing_joins_is_unknown() -> None:
    """A door without a controller has no siblings: its rule is neither true nor false."""
    one = scene()
    one.says("alone", contact="open")
    assert one.told() == []


def test_one_alert_for_all_stands_on_the_first() -> None:
    """Two of three hot lifts are one alert, after its hold, with their figures in its title."""
    one = scene()
    one.says("lift-1", motor_temp=90.0)
    one.says("lift-2", motor_temp=90.0)
    one.wait(4)
    one.says("lift-0", motor_temp=20.0)
    one.says("lift-1", motor_temp=20.0)
    found = [each for each in one.run() if each.rule == "t.many"]
    assert [brief(each) for each in found] == ["t.many on lift-0", "t.many off lift-0"]
    assert found[0].title.en == "2 of 3 hot"
    assert found[0].since == START
    assert found[0].at == START + 3 * SECOND


def test_an_unknown_member_neither_begins_nor_clears() -> None:
    """All are hot only when all are known to be; one that is lost ends nothing."""
    one = scene()
    one.says("lift-0", motor_temp=90.0)
    one.says("lift-1", motor_temp=90.0)
    assert "t.whole on lift-0" not in one.told()
    one.says("lift-2", motor_temp=90.0)
    assert "t.whole on lift-0" in one.told()
    one.says("lift-2", online=False)
    assert "t.whole off lift-0" not in one.told()
    one.says("lift-2", online=True)
    one.says("lift-2", motor_temp=40.0)
    assert "t.whole off lift-0" in one.told()


def test_a_neighbours_change_is_seen_without_a_reading_of_its_own() -> None:
    """A rule of one lift looks again when another of its building turns hot, and cools."""
    one = scene()
    one.says("lift-0", motor_temp=30.0)
    one.says("lift-1", motor_temp=60.0)
    one.says("lift-2", motor_temp=90.0)
    one.says("lift-2", motor_temp=60.0)
    assert [line for line in one.told() if "beside" in line] == [
        "t.beside on lift-0",
        "t.beside off lift-0",
    ]


def test_other_classes_say_nothing_to_a_rule() -> None:
    """A door looks again when a lift of its building turns hot; a lift when doors were open 5 s.

    What is lost of the other class begins nothing and ends nothing until it is back.
    """
    one = scene()
    for name in ("lift-0", "lift-1"):
        one.says(name, motor_temp=60.0)
    one.says("door-1", contact="open")
    one.says("lift-2", motor_temp=90.0)
    one.says("lift-2", online=False)
    one.says("door-2", contact="open")
    one.wait(4)
    assert one.told() == ["t.under on door-1", "t.switch on door-1"]
    assert one.run()[0].title.en == "1 of 3 lifts hot"
    one.wait(2)
    one.says("lift-2", online=True)
    one.says("lift-2", motor_temp=20.0)
    assert one.told()[2:] == [
        *("t.drafty on lift-0", "t.drafty on lift-1"),
        *("t.under on door-2", "t.drafty on lift-2"),
        *("t.under off door-1", "t.under off door-2"),
    ]


def test_what_only_a_text_asks_of_another_class_is_unknown_for_ever() -> None:
    """A named part that is shown and stands in no condition is counted all the same."""
    rule = f"""
pack: t
rules:
  - {{id: shown, for: door, let: {{hot: "count(motor_temp > 80, building, elevator)"}}, when: contact == open,
     title: {{zh: "{{hot}} 台热", en: "{{hot}} hot"}}, {HEAD}}}
"""
    one = scene({"t.yaml": rule})
    for number, warm in enumerate((90.0, 90.0, 20.0)):
        one.says(f"lift-{number}", motor_temp=warm)
    one.says("door-1", contact="open")
    (told,) = one.run()
    assert told.title.en == "2 hot"
    assert told.title.zh == "2 台热"


def test_a_class_that_is_not_there_is_none() -> None:
    """Where no equipment of the class that is asked stands, the answer is unknown, not no."""
    text = RULES.replace("any(motor_temp > 80, building, elevator)", "not any(fault, site, pump)")
    one = scene({"t.yaml": text})
    one.says("door-1", contact="open")
    assert one.told() == []


def test_lost_links_are_counted_though_the_first_is_lost_too() -> None:
    """The alert stands on an equipment that is itself offline, and still ends."""
    one = scene()
    for name in ("lift-0", "lift-1", "lift-2"):
        one.says(name, online=True)
    for value in (False, True):
        for name in ("lift-0", "lift-1"):
            one.says(name, online=value)
    assert [line for line in one.told() if "most" in line] == [
        "t.most on lift-0",
        "t.most off lift-0",
    ]


def test_what_is_cut_off_is_not_counted() -> None:
    """Doors behind a dead controller say nothing any more, and begin nothing."""
    one = scene()
    one.says("door-1", contact="open")
    one.says("ctl", online=False)
    one.says("door-2", contact="open")
    assert one.told() == []
    one.says("ctl", online=True)
    assert one.told() == ["t.switch on door-1"]


def test_life_safety_counts_the_last_votes_of_the_lost() -> None:
    """A lift that lost its link while it was stuck is still stuck."""
    one = scene()
    one.says("lift-1", fault=True)
    one.says("lift-1", online=False)
    one.use_rules({"t.yaml": RULES.replace("hold: 3s", "hold: 4s")})
    told = one.told()
    assert "t.stuck on lift-0" in told
    assert not any("stuck off" in line for line in told)


def test_a_new_first_takes_the_alert_over() -> None:
    """When the equipment that carried the alert leaves the ledger, another carries it."""
    one = scene()
    for name in ("lift-0", "lift-1", "lift-2"):
        one.says(name, motor_temp=90.0)
    one.wait(4)
    one.use(*ESTATE[1:])
    one.wait(4)
    assert [line for line in one.told() if "many" in line] == [
        "t.many on lift-0",
        "t.many off lift-0",
        "t.many on lift-1",
    ]


# --- whatever happens ---------------------------------------------------------------------------
WHO = [one.id for one in ESTATE]
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.just(""), st.sampled_from([1.0, 5.0, 200.0])),
        st.tuples(
            st.just("temp"), st.sampled_from(WHO[:3]), st.sampled_from([40.0, 70.0, 90.0, None])
        ),
        st.tuples(st.just("fault"), st.sampled_from(WHO[:3]), st.booleans()),
        st.tuples(
            st.just("contact"), st.sampled_from(WHO[4:]), st.sampled_from(["open", "closed"])
        ),
        st.tuples(st.just("online"), st.sampled_from(WHO), st.booleans()),
        st.tuples(st.just("rules"), st.just(""), st.sampled_from(["hold: 3s", "hold: 4s"])),
        st.tuples(st.just("ledger"), st.just(""), st.sampled_from([0, 1, 4])),
        st.tuples(st.just("crowd"), st.just(""), st.sampled_from([60.0, 85.0])),
    ),
    max_size=30,
)


def recorded(story: list[tuple[str, str, object]]) -> Scene:
    one = scene()
    for what, who, value in story:
        match what:
            case "tick":
                one.tick(value)  # type: ignore[arg-type]
            case "rules":
                one.use_rules({"t.yaml": RULES.replace("hold: 3s", str(value))})
            case "ledger":
                one.use(*ESTATE[int(str(value)) :])
            case "crowd":
                rows = [(w, one.now, {"motor_temp": value}) for w in WHO[:3] for _ in range(10)]
                one.write(one.batch(rows))  # type: ignore[arg-type]
            case _:
                point = "motor_temp" if what == "temp" else what
                one.says(who, {point: value})  # type: ignore[dict-item]
    one.wait(5)
    return one


def judge(state: State, scene: Scene, start: int, end: int) -> tuple[State, list[Verdict]]:
    found: list[Verdict] = []
    for record in scene.records[start:end]:
        state, verdicts = step(
            state, record.body(), position=record.position, now=record.written_at
        )
        found.extend(verdicts)
    return state, found


@settings(max_examples=80, deadline=None)
@given(happenings, st.integers(0, 40))
def test_a_restart_anywhere_changes_no_count(
    story: list[tuple[str, str, object]], cut: int
) -> None:
    """What was saved and reloaded counts the same, and says the same from there on."""
    one, many = recorded(story), 10_000
    straight, wanted = judge(begin(CLASSES), one, 0, many)
    state, before = judge(begin(CLASSES), one, 0, cut)
    resumed = checkpoint.decode(checkpoint.encode(state), CLASSES)
    resumed, after = judge(resumed, one, cut, many)
    assert before + after == wanted
    assert checkpoint.encode(resumed) == checkpoint.encode(straight)
    assert polls(resumed) == polls(straight)


@settings(max_examples=80, deadline=None)
@given(happenings)
def test_counting_along_is_counting_anew(story: list[tuple[str, str, object]]) -> None:
    """After anything the running counts are those of a count from the beginning."""
    state, _ = judge(begin(CLASSES), recorded(story), 0, 10_000)
    running = polls(state)
    reset_links(state)
    assert running == polls(state)


@settings(max_examples=60, deadline=None)
@given(happenings)
def test_columns_count_the_same(story: list[tuple[str, str, object]]) -> None:
    """Big batches that go in columns, and the plain way, give the same verdicts and counts."""
    one = recorded(story)
    plain, wanted = judge(begin(CLASSES), one, 0, 10_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "MANY", 1)
        columns, found = judge(begin(CLASSES), one, 0, 10_000)
    assert found == wanted
    assert checkpoint.encode(columns) == checkpoint.encode(plain)


def polls(state: State) -> list[object]:
    return [
        None if one is None else (one.members, dict(one.votes), one.yes, one.unknown)
        for unit in state.roll
        for one in unit.polls
    ]


# --- mistakes -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("when: any(fault, bulding)", "did you mean 'building'?"),
        ("when: any(motor_temp, building)", "expected true or false"),
        ("when: any(count(fault, site) > 1, building)", "a group takes no other group"),
        ("when: avg(count(fault, site), 5m) > 1", "a function of the past takes no group"),
        ("when: any(fault)", "takes a condition, a relation"),
        ("when: any(contact == open, site, dor)", "no class 'dor' (did you mean 'door'?)"),
        ("when: any(contact == opn, site, door)", "did you mean 'open'?"),
        ("when: any(contact == opn, site, door)", "in class door"),
        ("when: any(motor_temp > 9, site, door)", "no point 'motor_temp', in class door"),
        ("when: any(battery > 200, site, call_button)", "never true"),
        ("when: any(any(contact == open, site), site, door)", "a group takes no other group"),
        ("per: site, when: any(contact == open, site, door)", "reads its own groups"),
        ("when: count(fault, site)", "expected true or false"),
        ("per: site, when: fault", "reads its own groups of that relation alone"),
        (
            "per: site, when: fault and any(fault, site)",
            "reads its own groups of that relation alone",
        ),
        ("per: site, when: any(fault, building)", "reads its own groups of that relation alone"),
        ("per: site, no_data: 3m", "no event or no_data"),
    ],
)
def test_a_group_that_cannot_be_meant_is_told(wrong: str, message: str) -> None:
    """A mistyped relation, a number for a condition, the past, a single one's values: each is told."""
    fields = ", ".join(
        f'{name}: "{value}"' for name, value in (one.split(": ", 1) for one in _parted(wrong))
    )
    text = f"pack: t\nrules:\n  - {{id: x, for: elevator, {fields}, title: {{zh: x, en: x}}, {HEAD}}}\n"
    with pytest.raises(BadInput) as caught:
        read_rules({"t.yaml": text}, CLASSES)
    assert message in str(caught.value)


def _parted(wrong: str) -> list[str]:
    first, _, rest = wrong.partition(", when: ")
    if rest:
        return [first, f"when: {rest}"]
    first, _, rest = wrong.partition(", no_data: ")
    return [first, f"no_data: {rest}"] if rest else [wrong]
