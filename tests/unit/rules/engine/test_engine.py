"""The engine: exact in time, one behaviour after the other."""

import pytest

from gengfu.core.batch import Flag
from gengfu.core.clock import SECOND
from gengfu.core.record import Tick
from rules.engine.verdict import Verdict
from rules.language.reader import read_rules
from tests.fakes.rule_kinds import ESTATE, FILES, RULES, scene
from tests.fakes.rule_scene import CLASSES, START, brief, turned_on


def test_the_rules_of_these_tests_are_right() -> None:
    """Nothing below is true only because no rule was in force."""
    read_rules(FILES, CLASSES)


def ours(found: list[Verdict], rule: str) -> list[tuple[str, float, float]]:
    return [
        (one.turn.value, (one.since - START) / SECOND, (one.at - START) / SECOND)
        for one in found
        if one.rule == f"t.{rule}"
    ]


# --- time ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(("waited", "wanted"), [(9.999999, []), (10.0, [("on", 0.0, 10.0)])])
def test_a_hold_ends_exactly_at_its_boundary(
    waited: float, wanted: list[tuple[str, float, float]]
) -> None:
    """One microsecond before the hold is over nothing is on; at its end it is, by a tick alone."""
    one = scene()
    one.says("lift", motor_temp=81.0)
    one.tick(waited)
    assert ours(one.run(), "hot") == wanted


def test_a_condition_that_breaks_begins_anew() -> None:
    """Nine seconds true, once false, nine seconds true is not ten seconds true."""
    one = scene()
    for value in (81.0, 79.0, 81.0):
        one.says("lift", motor_temp=value)
        one.wait(9)
    assert ours(one.run(), "hot") == []


@pytest.mark.parametrize(("then", "is_due"), [((), True), ((79.0,), False), ((79.0, 81.0), True)])
def test_nothing_is_waited_for_any_more(then: tuple[float, ...], is_due: bool) -> None:
    """Nobody waits for the end of a hold that broke; for one that began anew, from the first one's on."""
    one = scene()
    for value in (81.0, *then):
        one.says("lift", motor_temp=value)
        one.tick()
    found = one.judged()[0].next_due()
    assert (found == START + 10 * SECOND) == is_due


def test_clearing_needs_its_own_condition_and_time() -> None:
    """Between the two thresholds it stays on; below the lower for 5 s it is off."""
    one = scene()
    one.says("lift", motor_temp=81.0)
    one.wait(10)
    one.says("lift", motor_temp=75.0)
    one.wait(20)
    one.says("lift", motor_temp=69.0)
    one.wait(3)
    one.says("lift", motor_temp=72.0)
    one.wait(9)
    one.says("lift", motor_temp=60.0)
    one.wait(5)
    assert ours(one.run(), "hot") == [("on", 0.0, 10.0), ("off", 42.0, 47.0)]


def test_event_time_counts_within_one_batch() -> None:
    """A batch that brings 20 s at once has held 10 s in between, though no tick fell there."""
    one = scene()
    one.tick(20)
    at = one.now - 20 * SECOND
    values = [81.0] * 15 + [50.0] * 5
    one.write(
        one.batch([("lift", at + n * SECOND, {"motor_temp": v}) for n, v in enumerate(values)])
    )
    assert ours(one.run(), "hot")[0] == ("on", 0.0, 20.0)


def test_buffered_data_do_not_page_for_the_past() -> None:
    """What a device kept for an hour counts from its receipt, and what ended since never pages."""
    one = scene()
    one.tick(3600)
    rows = [("lift", START + n * SECOND, {"motor_temp": 81.0}) for n in range(60)]
    one.write(one.batch([*rows, ("lift", one.now, {"motor_temp": 50.0})]))
    one.wait(30)
    assert ours(one.run(), "hot") == []


def test_an_older_reading_never_overwrites_a_newer_one() -> None:
    """Out of order, the newest reading stays the current one."""
    one = scene()
    one.tick(30)
    one.says("lift", fault=False)
    one.says("lift", fault=True, ago=5)
    state, found = one.judged()
    assert ours(found, "flag") == []
    assert state.counts.late_readings == 1


def test_a_reading_of_another_clock_is_taken_at_its_receipt() -> None:
    """A flagged time is the time of receipt, and the reading counts like any other."""
    one = scene()
    one.says("lift", motor_temp=81.0, flags=Flag.CLOCK)
    one.wait(10)
    assert ours(one.run(), "hot") == [("on", 0.0, 10.0)]


def test_a_device_ahead_does_not_hold_the_future() -> None:
    """A reading four minutes ahead is one of now, and the next one is not older than it."""
    one = scene()
    one.says("lift", fault=True, ago=-240)
    one.tick()
    one.says("lift", fault=False)
    assert [turn for turn, _, _ in ours(one.run(), "flag")] == ["on", "off"]


def test_null_is_unknown_and_unknown_turns_nothing() -> None:
    """A value known to be missing neither begins nor ends a condition."""
    one = scene()
    one.says("lift", fault=True)
    one.says("lift", fault=None, ago=-0.1)
    one.wait(20)
    assert [turn for turn, _, _ in ours(one.run(), "flag")] == ["on"]


@pytest.mark.parametrize(("rate", "wanted"), [(1.0, [10.0]), (60.0, [60.0])])
def test_where_a_day_runs_in_minutes_what_belongs_together_is_waited_for(
    rate: float, wanted: list[float]
) -> None:
    """A real second is a minute at 60 ×: a shorter hold waits for its context."""
    one = scene()
    one.write(Tick(rate=rate))
    one.says("lift", motor_temp=81.0)
    one.wait(70)
    assert [at for _, _, at in ours(one.run(), "hot")] == wanted


# --- silence and links --------------------------------------------------------------------------
def test_silence_is_told_once_and_ends_with_the_first_word() -> None:
    """Thirty seconds without a word turn it on, any word turns it off."""
    one = scene()
    one.says("lift", floor=1)
    one.wait(40)
    one.says("lift", floor=2)
    one.wait(5)
    assert ours(one.run(), "silent") == [("on", 0.0, 30.0), ("off", 40.0, 40.0)]


def test_points_that_no_rule_reads_are_still_a_sign_of_life() -> None:
    """Any point keeps an equipment from being silent."""
    one = scene()
    for _ in range(6):
        one.says("lift", levelling_error=1.0)
        one.wait(10)
    assert ours(one.run(), "silent") == []


def test_a_lost_parent_freezes_its_children_and_its_return_thaws_them() -> None:
    """While the controller is offline its open door is unknown; afterwards it counts anew."""
    one = scene()
    one.says("door", contact="open")
    one.wait(3)
    one.says("ctl", online=False)
    one.wait(10)
    assert turned_on(one.run()) == ["t.lost ctl"]
    one.says("ctl", online=True)
    one.wait(4)
    assert ours(one.run(), "open") == []
    one.wait(1)
    assert ours(one.run(), "open") == [("on", 13.0, 18.0)]


def test_what_is_on_stays_on_while_it_is_unknown() -> None:
    """Losing the link does not clear anything."""
    one = scene()
    one.says("door", contact="open")
    one.wait(6)
    one.says("ctl", online=False)
    one.wait(10)
    assert ours(one.run(), "open") == [("on", 0.0, 5.0)]


# --- events -------------------------------------------------------------------------------------
def test_counting_slides() -> None:
    """Three within 20 s, not three of which two are long past."""
    one = scene()
    for pause in (15, 10, 5):
        one.event("panel", "fault", "1")
        one.wait(pause)
    assert ours(one.run(), "many") == []
    one.event("panel", "fault", "2")
    assert [turn for turn, _, _ in ours(one.run(), "many")] == ["on"]


# --- rules and ledgers change -------------------------------------------------------------------
@pytest.mark.parametrize("told", ["Fire", "FIRE", " fire\n"])
def test_a_fire_in_other_letters_is_a_fire(told: str) -> None:
    """How a panel spells the type of an event never decides whether anybody comes."""
    one = scene()
    one.event("panel", told, "1-002")
    assert ours(one.run(), "alarm") == [("on", 0.0, 0.0)]


def test_editing_one_rule_keeps_the_others_pending() -> None:
    """A hold that runs is not begun anew because another rule was edited."""
    one = scene()
    one.says("lift", motor_temp=81.0, fault=True)
    one.wait(5)
    one.use_rules({"t.yaml": RULES.replace("when: fault,", "when: fault or known(fault),")})
    one.wait(5)
    assert ours(one.run(), "hot") == [("on", 0.0, 10.0)]
    assert ours(one.run(), "flag") == [("on", 0.0, 0.0)]


def test_a_rule_that_goes_away_turns_off_what_it_turned_on() -> None:
    """An alert of a deleted rule, or of a removed equipment, does not stay on for ever."""
    one = scene()
    one.says("lift", fault=True)
    one.use_rules({"t.yaml": RULES.replace("id: flag,", "id: flagged,")})
    assert [brief(v) for v in one.run()] == [
        "t.flag on lift",
        "t.flag off lift",
        "t.flagged on lift",
    ]
    one.use(*ESTATE[1:])
    assert brief(one.run()[-1]) == "t.flagged off lift"


def test_the_same_said_again_changes_nothing() -> None:
    """Ledger and rules are told again now and then; a running hold does not notice."""
    one = scene()
    one.says("lift", motor_temp=81.0)
    one.wait(5)
    one.use(*ESTATE)
    one.use_rules(FILES)
    one.wait(5)
    assert ours(one.run(), "hot") == [("on", 0.0, 10.0)]


def test_wrong_rules_change_nothing() -> None:
    """A rule file with a mistake is refused whole, and the old rules go on."""
    one = scene()
    one.use_rules({"t.yaml": RULES.replace("motor_temp > 80", "motor_tmp > 80")})
    one.says("lift", motor_temp=81.0)
    one.wait(10)
    state, found = one.judged()
    assert ours(found, "hot") == [("on", 0.0, 10.0)]
    assert "did you mean 'motor_temp'?" in str(state.refused[0])
