"""The simulated estate of the demo as a process."""

import asyncio
from collections.abc import Callable

from gengfu.app.broker import SIMULATOR_ACCOUNT, endpoint_of
from gengfu.app.setup import classes_of, ledger_store
from gengfu.config import Settings
from gengfu.installation import Installation
from simulators.connection import BrokerAddress
from simulators.publish import run_estate
from simulators.scenario import find_scenario, read_scenario

DEMO_SCENARIO = "demo_day"


async def run_demo_estate(settings: Settings, ready: Callable[[], None]) -> None:
    """Publish the demo estate until cancelled."""
    place = Installation(settings.data)
    ledgers = ledger_store(place).all()
    asyncio.get_running_loop().call_soon(ready)
    await run_estate(
        ledgers=ledgers,
        classes=classes_of(settings),
        clock=settings.clock.clock(),
        broker=address_of(settings, place),
        scenario=read_scenario(find_scenario(DEMO_SCENARIO), ledgers),
        root=settings.broker.root,
    )


def address_of(settings: Settings, place: Installation) -> BrokerAddress:
    """Return the broker as simulators and replays speak to it."""
    endpoint = endpoint_of(settings, place, embedded_account=SIMULATOR_ACCOUNT)
    return BrokerAddress(
        url=settings.broker.address,
        user=endpoint.user,
        password=endpoint.password,
        ca=str(endpoint.ca_file) if endpoint.ca_file else None,
    )
