"""Scores scenarios on a whole running system: MQTT in, API out, its clock started and sped up.

The system is one of its own in a temporary folder, started like any other by ``gengfu up``. Scenarios
that begin at the same hour are played beside each other, each on its own site; a score reads nothing
but what the API tells to somebody with a token.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from gengfu.app.accounts import add_token
from gengfu.app.acting import awaited
from gengfu.app.alerts_told import told_alerts
from gengfu.app.broker import prepare_accounts
from gengfu.app.estate import address_of
from gengfu.app.given_files import classes_of, rule_files
from gengfu.app.guards import Guards
from gengfu.app.ledgers import ledger_store
from gengfu.app.rehearsal import A_MONDAY, Rehearsal
from gengfu.config import Settings
from gengfu.core.clock import HOUR, SECOND, Clock, Micros, to_iso
from gengfu.core.errors import BadInput, StartError
from gengfu.core.said import said
from gengfu.installation import Installation
from gengfu.ledger.model import SiteLedger
from gengfu.people.roles import Role
from rules.language.reader import read_rules
from rules.linkage.run import CONFIRMED, MISSING
from simulators.broker.publish import Play, Published, run_plays
from simulators.scenario.model import Scenario
from simulators.scenario.score import Opened, Score, score
from simulators.scenario.script import find_scenario, own_cast, read_scenario

GRAIN_SECONDS = 1.0
"""Real seconds that the way from a device to an open alert may take; a racing clock makes more of them."""
FASTER = 8.0
"""So many times as fast go scenarios of more than an hour: their limits are minutes."""
START_SECONDS = 300.0
LINGER_SECONDS = 3.0
BUNDLE_SECONDS = 0.0
"""Devices do not wait for company here: what they say is judged by the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The scores of scenarios that were played together, and what that took."""

    scores: tuple[Score, ...]
    published: Published
    grain: Micros


async def score_live(
    settings: Settings, scenarios: Sequence[Scenario], *, rate: float, seed: int = 1
) -> Scored:
    """Play scenarios of one hour together through a system of their own; return how it did.

    ``settings`` give classes, rules and, when it is none of its own, the broker.

    Raises:
        StartError: when the system does not start or does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="gengfu-score-") as folder:
        house = _house(settings, Path(folder))
        token = _furnish(house, scenarios)
        start = A_MONDAY + scenarios[0].begins
        async with _running(house, start, rate) as clock, _client(house, token) as client:
            guards = Guards(
                client, clock, [one for story in scenarios for one in awaited(story, clock.now())]
            )
            published = await _played(house, scenarios, guards, rate, seed)
            taken = await guards.taken()
            opened = [
                replace(one.opened, taken=taken.get(one.id, frozenset()))
                for one in await told_alerts(client)
            ]
    grain = round(GRAIN_SECONDS * rate * SECOND)
    return Scored(
        scores=tuple(
            score(one, _about(opened, one.cast), start=published.started, grain=grain)
            for one in scenarios
            if one.cast is not None
        ),
        published=published,
        grain=grain,
    )


async def _played(
    house: Settings, scenarios: Sequence[Scenario], guards: Guards, rate: float, seed: int
) -> Published:
    """Play the stories to their end, people's part included."""
    async with asyncio.TaskGroup() as tasks:
        acting = tasks.create_task(guards.run(), name="guards")
        published = await run_plays(
            plays=_plays(scenarios),
            classes=classes_of(house),
            clock=guards.clock,
            broker=address_of(house, Installation(house.data)),
            seed=seed,
            linger=round(LINGER_SECONDS * rate * SECOND),
            bundle_seconds=BUNDLE_SECONDS,
        )
        acting.cancel()
    return published


def _plays(scenarios: Sequence[Scenario]) -> list[Play]:
    return [Play(ledger=one.cast, scenario=one) for one in scenarios if one.cast is not None]


def _house(settings: Settings, folder: Path) -> Settings:
    """Return the settings of a system in a folder of its own, on ports that are free."""
    web = settings.web.model_copy(update={"host": "127.0.0.1", "port": _free_port()})
    changed: dict[str, object] = {"data": folder / "data", "web": web}
    if settings.broker.embedded:
        changed["broker"] = settings.broker.model_copy(update={"port": _free_port()})
    return settings.model_copy(update=changed)


def _furnish(house: Settings, scenarios: Sequence[Scenario]) -> str:
    """Import the casts as the ledger; return a token to look at the alerts with."""
    place = Installation(house.data)
    ledgers = [one.ledger for one in _plays(scenarios)]
    ledger_store(place).replace(ledgers, 0)
    if house.broker.embedded:
        prepare_accounts(house.model_copy(update={"demo": True}), place, ledgers)
    return add_token(house, "score", Role.MANAGER)


@contextlib.asynccontextmanager
async def _running(house: Settings, start: Micros, rate: float) -> AsyncIterator[Clock]:
    """Run the system for a block; yield its clock. Its log is shown when it does not start."""
    log = house.data / "score.log"
    command = (
        *(sys.executable, "-m", "gengfu", "up", "--data", str(house.data)),
        *("--port", str(house.web.port), "--broker", house.broker.url, "--store", "duckdb"),
        *("--clock-start", to_iso(start), "--clock-rate", f"{rate:g}"),
    )
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command, env=_environment(house), stdout=output, stderr=output
        )
    try:
        await _ready(house, process, log)
        clock = Installation(house.data).noted_clock()
        if clock is None:
            raise StartError("The system left no note of its clock.")
        yield clock
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.wait()


def _environment(house: Settings) -> Mapping[str, str]:
    return {**os.environ, "GENGFU_BROKER__PORT": str(house.broker.port)}


async def _ready(house: Settings, process: asyncio.subprocess.Process, log: Path) -> None:
    """Wait until the alarm path is proved.

    Raises:
        StartError: when the system ended, or took too long.
    """
    try:
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient() as client:
            while process.returncode is None:
                with contextlib.suppress(httpx.TransportError):
                    reply = await client.get(f"{_address(house)}/readyz", timeout=5)
                    if reply.status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(0.2)
    except TimeoutError:
        pass
    said = await asyncio.to_thread(_end_of, log)
    raise StartError(f"The system that was to be scored did not start:\n{said}")


def _client(house: Settings, token: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=_address(house), headers=headers, timeout=30)


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]


def _address(house: Settings) -> str:
    return f"http://127.0.0.1:{house.web.port}"


def _about(alerts: Sequence[Opened], cast: SiteLedger) -> Sequence[Opened]:
    return [one for one in alerts if one.equipment in cast.equipment]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def scored_scenarios(settings: Settings, name: str | None = None) -> Sequence[Scenario]:
    """Return the shipped scenarios with a cast of their own, or the one that is named.

    Raises:
        BadInput: with every mistake of a file, or when a scenario has no cast.
    """
    classes = classes_of(settings)
    in_force = read_rules(rule_files(settings), classes)
    rules = frozenset({*(one.id for one in in_force), CONFIRMED, MISSING})
    if name is None:
        every = [read_scenario(file, (), classes, rules) for file in own_cast()]
        return [one for one in every if one.cast is not None]
    file = Path(name) if name.endswith((".yaml", ".yml")) else find_scenario(name)
    scenario = read_scenario(file, (), classes, rules)
    if scenario.cast is None:
        mend = said("give it a 'cast', or play it without --score")
        raise BadInput.of(str(file), "", said("the scenario has no equipment of its own"), mend)
    return [scenario]


def score_on_rules(
    settings: Settings, scenarios: Sequence[Scenario], *, seed: int = 1
) -> Sequence[Score]:
    """Return how decoder and rules do, in this process and without waiting."""
    classes, rules = classes_of(settings), rule_files(settings)
    rehearsal = Rehearsal(classes, rules, seed)
    return [rehearsal.score(one) for one in scenarios]


async def score_on_systems(
    settings: Settings, scenarios: Sequence[Scenario], *, rate: float, seed: int = 1
) -> Sequence[Score]:
    """Return how whole systems do, in the order of the scenarios.

    One system plays all scenarios of an hour that are short, another one the long ones, faster.
    """
    found: dict[str, Score] = {}
    for together in _groups(scenarios):
        faster = rate * (FASTER if _is_long(together[0]) else 1)
        scored = await score_live(settings, together, rate=faster, seed=seed)
        found.update({one.scenario.name: one for one in scored.scores})
    return [found[one.name] for one in scenarios]


def _groups(scenarios: Sequence[Scenario]) -> Sequence[Sequence[Scenario]]:
    keys = sorted({(one.begins, _is_long(one)) for one in scenarios})
    return [[one for one in scenarios if (one.begins, _is_long(one)) == key] for key in keys]


def _is_long(scenario: Scenario) -> bool:
    return scenario.length > HOUR
