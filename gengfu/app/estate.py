"""Simulated and recorded traffic: the demo's estate as a process, scenarios, replays."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.codecs.native.values import take
from gateway.decoded import Rejected
from gateway.directory import slot_of
from gateway.endpoint import Version
from gengfu.app.broker import SIMULATOR_ACCOUNT, endpoint_of
from gengfu.app.given_files import classes_of
from gengfu.app.ledgers import ledgers_of
from gengfu.config import Settings
from gengfu.core.clock import Clock, ScaledClock, SystemClock
from gengfu.core.errors import BadInput, Fault
from gengfu.core.expression import nearest
from gengfu.core.names import Names
from gengfu.core.said import said
from gengfu.installation import Installation
from gengfu.ledger.model import EquipmentClass, PointDef, SiteLedger
from simulators.broker.connection import BrokerAddress
from simulators.broker.publish import Published, run_estate, run_scenario
from simulators.recording.replay import Replayed, replay
from simulators.recording.rows import Meant, Recording, read_recording
from simulators.scenario.script import find_scenario, read_scenario

DEMO_SCENARIO = "demo_day"


async def run_demo_estate(settings: Settings, ready: Callable[[], None]) -> None:
    """Publish the demo estate until cancelled."""
    place = Installation(settings.data)
    ledgers, classes = ledgers_of(place), classes_of(settings)
    asyncio.get_running_loop().call_soon(ready)
    await run_estate(
        ledgers=ledgers,
        classes=classes,
        clock=settings.clock.clock(),
        broker=address_of(settings, place),
        scenario=read_scenario(find_scenario(DEMO_SCENARIO), ledgers, classes),
        root=settings.broker.root,
    )


def address_of(
    settings: Settings, place: Installation, *, embedded_account: str = SIMULATOR_ACCOUNT
) -> BrokerAddress:
    """Return the broker as simulators and replays speak to it."""
    endpoint = endpoint_of(settings, place, embedded_account=embedded_account)
    return BrokerAddress(
        url=settings.broker.address,
        user=endpoint.user,
        password=endpoint.password,
        ca=str(endpoint.ca_file) if endpoint.ca_file else None,
        speaks_five={Version.V5: True, Version.V311: False}.get(endpoint.version),
    )


async def play_scenario(settings: Settings, name: str, *, seed: int, speed: float) -> Published:
    """Play a scenario once with the ledger's equipment.

    Raises:
        BadInput: all mistakes of the scenario at once.
        StartError: when the broker cannot be reached.
    """
    place = Installation(settings.data)
    ledgers, classes = ledgers_of(place), classes_of(settings)
    file = Path(name) if name.endswith((".yaml", ".yml")) else find_scenario(name)
    clock = settings.clock.clock()
    if settings.clock.start is None and speed != 1:
        now = clock.now()
        clock = ScaledClock(start=now, rate=speed, anchor=now)
    return await run_scenario(
        ledgers=ledgers,
        classes=classes,
        clock=clock,
        broker=address_of(settings, place),
        scenario=read_scenario(file, ledgers, classes),
        seed=seed,
        root=settings.broker.root,
    )


async def play_recording(
    settings: Settings,
    file: Path,
    *,
    site: str,
    equipment: str,
    points: Mapping[str, str],
    speed: float,
    keep_times: bool,
    zone: ZoneInfo,
) -> Replayed:
    """Publish a recording as one equipment.

    Raises:
        BadInput: all mistakes of the mapping, or all of the file, at once.
        StartError: when the broker cannot be reached.
    """
    place = Installation(settings.data)
    ledgers = ledgers_of(place)
    meant: Mapping[str, Meant] = {}
    if ledgers:  # none: this machine only plays, for a system elsewhere
        meant = _meant(ledgers, classes_of(settings), site, equipment, tuple(points.values()))
    recording = read_recording(file, points, zone=zone, meant=meant)
    return await replay(
        recording,
        site=site,
        equipment=equipment,
        clock=_pace(recording, place, speed) if keep_times else SystemClock(),
        broker=address_of(settings, place),
        speed=speed,
        keep_times=keep_times,
        root=settings.broker.root,
    )


def _meant(
    ledgers: Sequence[SiteLedger],
    classes: Mapping[str, EquipmentClass],
    site: str,
    equipment: str,
    points: Sequence[str],
) -> Mapping[str, Meant]:
    """Return what points take, by the intake itself.

    Raises:
        BadInput: nobody would hear it: the equipment or a point is not known.
    """
    found = {ledger.site.id: ledger.equipment for ledger in ledgers}.get(site)
    if found is None:
        sites = ", ".join(ledger.site.id for ledger in ledgers)
        raise BadInput.of(
            "--site", "", said("the ledger has no site {!r}", site), said("it has {}", sites)
        )
    if equipment not in found:
        raise BadInput.of("--equipment", "", said("the site {} has no {!r}", site, equipment))
    known = classes[found[equipment].equipment_class].points
    faults = [
        Fault(
            "--map",
            "",
            said("{} has no point {!r}", found[equipment].equipment_class, point),
            nearest(point, known),
        )
        for point in points
        if point not in known
    ]
    if faults:
        raise BadInput(faults)
    return {one: as_intake_takes(known[one]) for one in points}


def as_intake_takes(point: PointDef) -> Meant:
    """Return a point with what the gateway's decoder takes for it: one place knows."""
    slot = slot_of("", point, Names())
    return Meant(point=point, takes=lambda value: not isinstance(take(slot, value), Rejected))


def _pace(recording: Recording, place: Installation, speed: float) -> Clock:
    """Return the clock that a recording with its own times goes by."""
    running = place.noted_clock()
    if running is not None:
        return running
    return ScaledClock(start=recording.rows[0].at, rate=speed, anchor=SystemClock().now())
