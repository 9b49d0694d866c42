"""The kept answers of InfluxDB: given by the real server, given by the fake, and read rightly."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pytest
import yaml

from ingest.store.answers import Outcome, read_answer
from tests.fakes.influx import TOKEN, influx
from tests.fakes.influx_answers import ONE, TWO, Tongue
from tests.integration.services import PATIENCE_S

GOLDEN = Path(__file__).parents[1] / "golden/influxdb"
DAY_NS = 86_400 * 10**9


@dataclass(frozen=True, kw_only=True)
class Case:
    """Lines that are written, and what becomes of them."""

    name: str
    lines: tuple[str, ...]
    status: int
    means: str
    stored: int
    """Points in the end, those of ``before`` included."""
    body: str = ""
    ends: str = ""
    """Of a body that is too long to be kept."""
    before: tuple[str, ...] = ()
    database: str = ""
    long_tag: int = 0
    expired: int = 0
    times: Mapping[str, int] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """Put in the times."""
        for name, at in self.times.items():
            text = text.replace(f"{{{name}}}", str(at))
        return text

    def written(self) -> str:
        """Return the body of the request."""
        long = [f"m,e={'x' * self.long_tag} f=1 {{now}}"] if self.long_tag else []
        return self.fill("\n".join([*self.lines, *long]))


def _cases(version: str) -> list[Case]:
    now = time.time_ns()
    times = {"now": now, "old": now - 10 * DAY_NS}
    kept = yaml.safe_load((GOLDEN / f"{version}.yaml").read_text(encoding="utf-8"))["cases"]
    return [replace(one, times=times) for one in msgspec.convert(kept, type=list[Case])]


ONES = [pytest.param(one, id=one.name) for one in _cases("1.6.7")]
BOTH = [
    pytest.param(tongue, one, id=f"{tongue.version} {one.name}")
    for tongue, version in ((ONE, "1.6.7"), (TWO, "2.9.1"))
    for one in _cases(version)
]


@pytest.mark.parametrize("case", ONES)
def test_the_real_server_says_something_else(case: Case, influx1: Callable[[], str]) -> None:
    """1.6.7 itself gives the kept answer, to the letter, and stores as many points."""
    name = "golden_" + case.name.replace(" ", "_")
    with httpx.Client(base_url=influx1(), timeout=PATIENCE_S) as server:
        server.post("/query", params={"q": f'CREATE DATABASE "{name}" WITH DURATION 1d'})
        server.post("/write", params={"db": name}, content=case.fill("\n".join(case.before)))
        reply = server.post("/write", params={"db": case.database or name}, content=case.written())
        counted = server.get("/query", params={"db": name, "q": "SELECT count(f) FROM m"}).json()
    assert (reply.status_code, case.fill(case.body)) == (
        case.status,
        "" if case.ends else reply.text.strip(),
    )
    assert reply.text.strip().endswith(case.ends)
    series = counted["results"][0].get("series")
    assert (series[0]["values"][0][1] if series else 0) == case.stored


@pytest.mark.parametrize(("tongue", "case"), BOTH)
def test_the_fake_says_something_else(tongue: Tongue, case: Case) -> None:
    """The fake gives an answer of the same status and meaning, and stores as many points."""
    with influx(tongue) as fake:
        fake.buckets["gengfu"] = 86_400
        fake.oldest = case.times["now"] - DAY_NS
        auth = ("gengfu", TOKEN) if tongue is ONE else None
        headers = {} if tongue is ONE else {"authorization": f"Token {TOKEN}"}
        with httpx.Client(
            base_url=fake.url, auth=auth, headers=headers, timeout=PATIENCE_S
        ) as server:
            server.post(
                "/write", params={"db": "gengfu"}, content=case.fill("\n".join(case.before))
            )
            reply = server.post(
                "/write", params={"db": case.database or "gengfu"}, content=case.written()
            )
        answer = read_answer(reply.status_code, reply.text, {}, datetime.now(UTC))
        assert (reply.status_code, answer.outcome, answer.expired, len(fake.points)) == (
            case.status,
            Outcome(case.means),
            case.expired,
            case.stored,
        )


@pytest.mark.parametrize(("tongue", "case"), BOTH)
def test_a_kept_answer_is_misread(tongue: Tongue, case: Case) -> None:
    """Each kept answer means what its case says."""
    said = case.fill(case.body or case.ends)
    answer = read_answer(case.status, said, {}, datetime.now(UTC))
    assert (answer.outcome, answer.expired) == (Outcome(case.means), case.expired), tongue.version
