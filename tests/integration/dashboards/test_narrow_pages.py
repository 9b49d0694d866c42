"""Pages of a bad night on a phone: whatever devices and late data say, nothing is wider than it."""

from dataclasses import replace

import pytest
from playwright.sync_api import Browser

from dashboards.estate.point_value import PointValue
from gateway.unmapped import Listed, Said, Unmapped
from gengfu.core.clock import HOUR, MINUTE
from gengfu.core.naming import Bilingual, Subject
from gengfu.core.urgency import Kind, Severity
from rules.late.hindsight import Changed, Finding
from tests.fakes.desk import FakeDesk
from tests.integration.browsers import opened, wider
from tests.integration.dashboards.conftest import enter, served

LIFT = "lift-b1-u1-left"
WORD = "DOOR_ZONE_SENSOR_LOST_WHILE_LEVELLING_AT_LANDING_14_REAR_ENTRANCE"
"""Controllers send what they like as a fault's code."""


def _bad_night() -> FakeDesk:
    """A lift of which late data, a long fault code and an unknown name are told."""
    desk = FakeDesk()
    now = desk.clock.now()
    value = PointValue(value=WORD, observed_at=now, received_at=now)
    desk.estate.values[LIFT] = {"fault_code": value}
    finding = Finding(
        changed=Changed.WOULD_HAVE_FIRED,
        rule="elevator.door_cannot_close",
        site="yunhe",
        subject=Subject(LIFT, part="rear"),
        since=now - HOUR,
        until=now - HOUR + 10 * MINUTE,
        severity=Severity.HIGH,
        kind=Kind.MAINTENANCE,
        title=Bilingual("轿门反复关不上", "The car door cannot close"),
    )
    strange = Unmapped(
        equipment=LIFT,
        equipment_class="elevator",
        said=Said.POINT,
        name=WORD.lower(),
        last_value=WORD,
        last_at=now,
    )
    desk.unmapped = Listed(names=(strange,))
    desk.late.findings = [finding, replace(finding, until=None)]
    return desk


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_what_a_bad_night_tells_is_wider_than_a_phone(browser: Browser, locale: str) -> None:
    """Late findings, long codes and unknown names break where a phone's screen ends."""
    desk = _bad_night()
    with served(desk) as address, opened(browser, 360, locale) as page:
        enter(page, desk, address, "engineer")
        page.goto(f"{address}/equipment/{LIFT}")
        page.locator("ul.late").wait_for()
        page.get_by_text(WORD, exact=True).first.wait_for()
        assert wider(page) == []
