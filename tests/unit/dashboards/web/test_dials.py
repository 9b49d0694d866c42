"""What can be dialled for an alert: the fire brigade for a fire, and for nothing else."""

import pytest

from alerts.model import FROM_PERSON, Alert
from dashboards.web.pages.alerts import dials
from gengfu.core.naming import Scalar, Subject
from gengfu.core.urgency import Kind
from tests.fakes.alerts import sample_alert
from tests.fakes.desk import FakeDesk


def _calls_119(alert: Alert) -> bool:
    return ("fire_brigade", "119") in dials(FakeDesk().ports(), alert)


@pytest.mark.parametrize(
    ("klass", "values", "priority", "is_fire"),
    [
        ("fire_panel", {"signal": "smoke"}, 1, True),
        ("fire_panel", {}, 2, False),
        ("sprinkler", {"flow_switch": True}, 1, True),
        ("smoke_control", {"start_signal": True}, 1, True),
        ("gas_detector", {"concentration": 30.0}, 1, True),
        ("room_environment", {"smoke": True}, 1, True),
        ("room_environment", {"water": True}, 1, False),
        ("call_button", {"pressed": True}, 1, False),
        ("gengfu", {}, 1, False),
        (None, {}, 1, False),
    ],
)
def test_the_fire_brigade_called_for_water(
    *, klass: str | None, values: dict[str, Scalar], priority: int, is_fire: bool
) -> None:
    """119 stands where fire, smoke or gas is told; an emergency call or water is none of them."""
    subject = Subject("nobody")
    alert = sample_alert(subject=subject, equipment_class=klass, values=values, priority=priority)
    assert _calls_119(alert) is is_fire


@pytest.mark.parametrize(("pump", "is_fire"), [("pump-fire-1", True), ("pump-supply-1", False)])
def test_a_fire_pump_that_is_no_fire(*, pump: str, is_fire: bool) -> None:
    """A pump whose role is fire draws water for one; another pump of the same class does not."""
    alert = sample_alert(
        subject=Subject(pump), equipment_class="pump", values={"run": True}, priority=1
    )
    assert _calls_119(alert) is is_fire


@pytest.mark.parametrize(("kind", "calls"), [(Kind.LIFE_SAFETY, True), (Kind.SECURITY, False)])
def test_a_person_who_cannot_call_119(*, kind: Kind, calls: bool) -> None:
    """A person's report of life safety keeps the number: only he knows what it is."""
    alert = sample_alert(source=FROM_PERSON, kind=kind, equipment_class=None, subject=Subject(""))
    assert _calls_119(alert) is calls
