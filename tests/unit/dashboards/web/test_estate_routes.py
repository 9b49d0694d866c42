"""Equipment, readings, availability, dead letters and health of the API."""

from dataclasses import replace

import httpx
import pytest

from dashboards.accounting import Accounting
from dashboards.availability.figures import AvailabilityRow
from dashboards.estate.point_value import PointValue
from dashboards.web.api.estate import MOST_VALUES
from dashboards.web.ports import PartState
from gateway.unmapped import Listed, Said, Unmapped
from gengfu.core.clock import HOUR, MINUTE, to_iso
from gengfu.core.states import OperatingState
from tests.fakes.alerts import sample_alert
from tests.fakes.desk import FakeDesk, interval, letter
from tests.fakes.ledgers import shipped
from tests.unit.dashboards.web.conftest import bearer

pytestmark = pytest.mark.asyncio
ENGINEER = bearer("engineer")
LIFT = "lift-b1-u1-left"


async def test_an_equipment_with_its_points(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Value, unit, title and both times of each point, and the state since when."""
    at = desk.clock.now()
    desk.estate.values[LIFT] = {
        "speed": PointValue(value=1.25, observed_at=at - MINUTE, received_at=at)
    }
    desk.estate.history[LIFT] = [interval(LIFT, OperatingState.RUNNING, at - HOUR)]
    body = (await client.get(f"/api/v1/equipment/{LIFT}", headers=ENGINEER)).json()
    assert (body["class"], body["state"], body["building"]) == ("elevator", "running", "b1")
    assert body["state_since"] == to_iso(at - HOUR)
    assert body["points"]["speed"] == {
        "value": 1.25,
        "unit": "m/s",
        "title": {"zh": "速度", "en": "Speed"},
        "observed_at": to_iso(at - MINUTE),
        "received_at": to_iso(at),
    }


async def test_an_equipment_that_was_never_heard(client: httpx.AsyncClient) -> None:
    """Without data an equipment is unknown, never running."""
    body = (await client.get(f"/api/v1/equipment/{LIFT}", headers=ENGINEER)).json()
    assert (body["state"], body["points"]) == ("unknown", {})


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", len(shipped()[1]["yunhe"].equipment)),
        ("?class=elevator", 12),
        ("?state=fault", 1),
        ("?site=none", 0),
        ("?class=door", 18),
    ],
)
async def test_filters_of_equipment(
    desk: FakeDesk, client: httpx.AsyncClient, query: str, count: int
) -> None:
    """Class, state and site narrow the list."""
    desk.estate.history[LIFT] = [interval(LIFT, OperatingState.FAULT, 0)]
    answer = await client.get(f"/api/v1/equipment{query}", headers=ENGINEER)
    assert len(answer.json()) == count


async def test_readings_raw_and_in_steps(client: httpx.AsyncClient) -> None:
    """Raw values come as they are; with a step there are means with their bands, as many."""
    base = f"/api/v1/equipment/{LIFT}/readings?point=speed&from=1763600000000&to=1763603600000"
    raw = (await client.get(base, headers=ENGINEER)).json()
    assert raw["times"][:2] == [1763600000000, 1763600010000]
    assert (len(raw["values"]), raw["min"], raw["unit"]) == (360, None, "m/s")
    steps = (await client.get(f"{base}&step=5m", headers=ENGINEER)).json()
    assert len(steps["times"]) == len(steps["min"]) == len(steps["max"]) == 12
    assert all(
        low <= mean <= high
        for low, mean, high in zip(steps["min"], steps["values"], steps["max"], strict=True)
    )


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("point=warp", 404),
        ("", 422),
        ("point=speed&step=0s", 422),
        ("point=speed&step=soon", 422),
        ("point=speed&step=1s&from=1000&to=1763600000000", 422),
        ("point=speed&from=1763600000000&to=1763600000000", 422),
        ("point=speed&from=1600000000000&to=1763600000000", 422),
    ],
)
async def test_readings_that_cannot_be_given(
    desk: FakeDesk, client: httpx.AsyncClient, query: str, status: int
) -> None:
    """An unknown point, a bad span, an empty or too long period: a problem that says which."""
    answer = await client.get(f"/api/v1/equipment/{LIFT}/readings?{query}", headers=ENGINEER)
    assert answer.status_code == status
    assert desk.readings.given <= MOST_VALUES + 1


async def test_a_store_that_is_down(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Without the store readings are a 503 and everything else goes on."""
    desk.readings.down = True
    path = f"/api/v1/equipment/{LIFT}/readings?point=speed"
    answer = await client.get(path, headers=ENGINEER)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (await client.get("/api/v1/equipment", headers=ENGINEER)).status_code == 200


async def test_availability_against_its_target(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Rows carry every figure of the interface and the class's target; unknown is null, not 0."""
    row = AvailabilityRow(
        key="elevator", availability=None, coverage=0.0, failures=0, mtbf_s=None, mttr_s=None,
        planned_s=0.0, down_s=0.0, unknown_s=60.0, count=12,
    )  # fmt: skip
    desk.availability.rows["class"] = [row]
    [body] = (await client.get("/api/v1/availability?by=class", headers=ENGINEER)).json()
    assert (body["availability"], body["target"], body["equipment"]) == (None, 0.99, 12)
    assert body["met"] is None
    assert {"coverage", "failures", "mtbf_s", "mttr_s", "planned_s", "down_s"} < set(body)


async def test_rejected_messages_end_after_a_page(
    desk: FakeDesk, client: httpx.AsyncClient
) -> None:
    """Following the Link header shows every message once; what is no cursor is a 4xx."""
    now = desk.clock.now()
    desk.estate.letters = [replace(letter(now), topic=f"t{number}") for number in range(7)]
    address, seen = "/api/v1/dead-letters?limit=3", list[str]()
    while address:
        answer = await client.get(address, headers=ENGINEER)
        seen += [one["topic"] for one in answer.json()]
        address = answer.links.get("next", {}).get("url", "")
    assert seen == [f"t{number}" for number in range(7)]
    wrong = await client.get("/api/v1/dead-letters?cursor=x", headers=ENGINEER)
    assert (wrong.status_code, wrong.json()["errors"][0]["where"]) == (422, "query.cursor")


async def test_another_sites_rejected_messages(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Who is limited to sites reads theirs, by API and page, whatever the root; not a stranger's."""
    topics = [
        "gf/yunhe/lift/up/telemetry",
        "a/b/yunhe/lift/up/x",
        "gf/other/yunhe/up/event",
        "tele/yunhe",
        "yunhe/x/up/y",
    ]
    desk.estate.letters = [replace(letter(desk.clock.now()), topic=topic) for topic in topics]
    for sites, seen in ((None, topics), (frozenset({"yunhe"}), topics[:2]), (frozenset[str](), [])):
        desk.people.sites = sites
        answer = await client.get("/api/v1/dead-letters", headers=ENGINEER)
        assert [one["topic"] for one in answer.json()] == seen
        page = await client.get(
            "/engineer/dead-letters", headers={**ENGINEER, "Accept": "text/html"}
        )
        assert [topic for topic in topics if f"{topic}<" in page.text] == seen


async def test_another_sites_alerts_of_an_equipment(
    desk: FakeDesk, client: httpx.AsyncClient
) -> None:
    """What was at another site before tells nothing of that time to who may not see the site."""
    for number, site in enumerate(("yunhe", "elsewhere")):
        desk.alerts.put(sample_alert(f"a-{number}", site=site), "opened")
    desk.people.sites = frozenset({"yunhe"})
    page = await client.get(f"/equipment/{LIFT}", headers={**ENGINEER, "Accept": "text/html"})
    assert [one for one in ("a-0", "a-1") if f"/alerts/{one}" in page.text] == ["a-0"]


async def test_rejected_messages_and_their_sum(desk: FakeDesk, client: httpx.AsyncClient) -> None:
    """Bytes that are no text are shown as what they are; the sums are the journal's."""
    desk.estate.letters = [letter(desk.clock.now())]
    desk.sums = Accounting(received=3, stored=2, quarantined=1)
    [body] = (await client.get("/api/v1/dead-letters", headers=ENGINEER)).json()
    assert (body["reason"], "\\xff" in body["payload"]) == ("malformed_json", True)
    assert (await client.get("/api/v1/accounting", headers=ENGINEER)).json()["quarantined"] == 1


async def test_a_strange_name_is_told_without_its_mend(
    desk: FakeDesk, client: httpx.AsyncClient
) -> None:
    """What came, how often, when, with the nearest name: by API, page of the equipment and list."""
    told = Unmapped(
        equipment=LIFT, equipment_class="elevator", said=Said.POINT, name="Speed",
        count=7, last_value="<b>", first_at=1, last_at=desk.clock.now(),
    )  # fmt: skip
    stranger = replace(told, equipment="", equipment_class="", name="tasmota/x POWER")
    desk.unmapped = Listed(names=(told, stranger))
    every = (await client.get("/api/v1/unmapped", headers=ENGINEER)).json()
    assert [(one["equipment"], one["meant"]) for one in every] == [(LIFT, "speed"), (None, None)]
    [own] = (await client.get(f"/api/v1/unmapped?equipment={LIFT}", headers=ENGINEER)).json()
    assert (own["said"], own["name"], own["count"], own["last_value"]) == (
        "point",
        "Speed",
        7,
        "<b>",
    )
    for path in (f"/equipment/{LIFT}", "/engineer/dead-letters"):
        html = (await client.get(path, headers=ENGINEER | {"accept": "text/html"})).text
        assert "<code>Speed</code>" in html
        assert "<code>speed</code>" in html
        assert "&lt;b&gt;" in html


@pytest.mark.parametrize(("ready", "status"), [(True, 200), (False, 503)])
async def test_readiness(
    desk: FakeDesk, client: httpx.AsyncClient, ready: bool, status: int
) -> None:
    """One part that is not proved makes the whole not ready, and is named."""
    desk.parts.append(PartState(name="store", ready=ready, detail="30 s behind"))
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (status, ready)
    assert answer.json()["parts"]["store"] == {"ready": ready, "detail": "30 s behind"}
    assert (await client.get("/healthz")).status_code == 200
    assert b"gengfu_up 1" in (await client.get("/metrics")).content
