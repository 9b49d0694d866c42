"""What counts as noticed, late, missed and false."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.clock import MINUTE, SECOND, Micros
from gengfu.core.naming import Bilingual
from gengfu.core.urgency import Kind, Severity
from simulators.device import Injection
from simulators.scenario.model import Act, Also, Doing, Expectation, Scenario, Step
from simulators.scenario.score import Need, Opened, Result, score
from simulators.scenario.scorecard import lines

START = 1_000 * MINUTE
WITHIN = 60 * SECOND
BEGINS = 5 * MINUTE
LASTS = 20 * MINUTE


def opened(
    after: Micros,
    rule: str = "lift.stuck",
    equipment: str = "lift",
    part: str | None = None,
    severity: Severity = Severity.MEDIUM,
    kind: Kind = Kind.MAINTENANCE,
) -> Opened:
    """An alert that opened so long after the fault."""
    return Opened(
        rule=rule,
        equipment=equipment,
        part=part,
        at=START + BEGINS + after,
        kind=kind,
        severity=severity,
        latched=False,
    )


def story(*expected: Expectation, also: Sequence[Also] = ()) -> Scenario:
    injection = Injection(equipment="lift", fault="stuck")
    step = Step(begins=BEGINS, ends=None, injection=injection, expects=expected)
    return Scenario(
        name="trial", title=Bilingual("试", "Trial"), steps=(step,), also=tuple(also), lasts=LASTS
    )


def expect(part: str | None = None) -> Expectation:
    return Expectation(rule="lift.stuck", within=WITHIN, equipment="lift", part=part)


@given(st.integers(0, 10 * MINUTE), st.integers(0, MINUTE))
def test_the_limit_lies_elsewhere(after: Micros, grain: Micros) -> None:
    """Within its time and the clock's grain is detected, after it late; the delay is told exactly."""
    (outcome,) = score(story(expect()), [opened(after)], start=START, grain=grain).outcomes
    assert outcome.delay == after
    in_time = after <= WITHIN + grain
    assert outcome.result is (Result.DETECTED if in_time else Result.LATE)


def test_an_alert_from_before_the_fault_counts() -> None:
    """What had opened before the fault began has not noticed it: a miss, and a false alarm."""
    found = score(story(expect()), [opened(-SECOND)], start=START)
    assert [one.result for one in found.outcomes] == [Result.MISSED]
    assert found.false_alarms == (opened(-SECOND),)
    assert not found.passed


def test_one_alert_serves_two_expectations() -> None:
    """Two that are expected need two alerts, each of the part that it names."""
    wanted = story(expect(part="1"), expect(part="2"))
    alerts = [opened(SECOND, part="2"), opened(2 * SECOND, part="2")]
    found = score(wanted, alerts, start=START)
    assert [one.result for one in found.outcomes] == [Result.MISSED, Result.DETECTED]
    assert found.false_alarms == (alerts[1],)


def test_another_equipment_s_alert_counts() -> None:
    """The same rule about another equipment is no detection but a false alarm."""
    found = score(story(expect()), [opened(SECOND, equipment="other")], start=START)
    assert (found.count(Result.MISSED), len(found.false_alarms)) == (1, 1)


def test_silence_after_the_end_is_a_false_alarm() -> None:
    """What opens when the story is over is no part of it: its equipment is silent for good then."""
    found = score(story(), [opened(LASTS)], start=START)
    assert (found.passed, found.false_alarms) == (True, ())


def test_silence_before_the_beginning_is_a_false_alarm() -> None:
    """A system is on watch before the story's first word: what it says of that silence is true."""
    found = score(story(), [opened(-BEGINS - SECOND)], start=START)
    assert (found.passed, found.false_alarms) == (True, ())
    found = score(story(), [opened(-BEGINS)], start=START)
    assert found.false_alarms == (opened(-BEGINS),)


def test_what_is_true_too_is_called_false() -> None:
    """Alerts that are true too are kept apart from false ones, and do not hide a miss."""
    allowed = story(expect(), also=[Also(rule="lift.fault")])
    found = score(allowed, [opened(SECOND, rule="lift.fault")], start=START)
    assert (len(found.also), found.false_alarms) == (1, ())
    assert found.count(Result.MISSED) == 1


def test_one_that_is_true_too_hides_all_of_its_rule() -> None:
    """What is true too comes as often as the story says; one more is a false alarm, at the same time too."""
    alerts = [opened(one, rule="lift.fault") for one in (0, 0, SECOND)]
    for times, false in ((1, 2), (2, 1), (3, 0), (4, 0)):
        allowed = story(also=[Also(rule="lift.fault", times=times)])
        found = score(allowed, alerts, start=START)
        assert (len(found.also), len(found.false_alarms)) == (3 - false, false)


def test_what_is_true_of_one_is_true_of_another() -> None:
    """A place that names its equipment is for that alone, and is taken before one that names none."""
    told = [opened(one, rule="lift.fault", equipment=who) for one, who in enumerate("aab")]
    named = Also(rule="lift.fault", equipment="a")
    found = score(story(also=[named]), told, start=START)
    assert (found.also, found.false_alarms) == ((told[0],), (told[1], told[2]))
    found = score(story(also=[Also(rule="lift.fault"), named]), told, start=START)
    assert (found.also, found.false_alarms) == ((told[0], told[1]), (told[2],))


def test_the_work_is_miscounted() -> None:
    """Life safety takes somebody on site; grave or security a walk; low a look; the rest an order."""
    alerts = [
        opened(0, severity=Severity.CRITICAL, kind=Kind.LIFE_SAFETY),
        opened(0, severity=Severity.HIGH),
        opened(0, severity=Severity.MEDIUM, kind=Kind.SECURITY),
        opened(0, severity=Severity.LOW, kind=Kind.SECURITY),
        opened(0),
    ]
    found = score(story(), alerts, start=START)
    assert {need: found.needs(need) for need in Need} == {
        Need.ON_SITE: 1,
        Need.WALK: 2,
        Need.LOOK: 1,
        Need.ORDER: 1,
    }


def test_a_step_that_nobody_took_counts_as_done() -> None:
    """Noticed in time but not dealt with as told is no success, and stands apart from a miss."""
    acts = (Act(doing=Doing.ACKNOWLEDGE, after=SECOND), Act(doing=Doing.CLOSE, after=MINUTE))
    expected = replace(expect(), handled=acts)
    for taken, result in (
        ({"acknowledge", "close"}, Result.DETECTED),
        ({"acknowledge"}, Result.UNHANDLED),
    ):
        alert = replace(opened(SECOND), taken=frozenset(taken))
        found = score(story(expected), [alert], start=START)
        assert [one.result for one in found.outcomes] == [result]
        assert found.passed == (result is Result.DETECTED)
        told = "detected" if found.passed else "unhandled: close"
        assert [row["result"] for row in lines(found)] == [told]


def test_a_story_ends_before_people_are_done() -> None:
    """It is watched until the last step about its latest alert."""
    acts = (Act(doing=Doing.CLOSE, after=40 * MINUTE),)
    assert story(replace(expect(), handled=acts)).length == BEGINS + WITHIN + 40 * MINUTE
