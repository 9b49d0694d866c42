"""Listen on the broker for a while, to find devices that are not mapped yet."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import aiomqtt

from gateway.accounts import Access, Account, AccountFiles, Line
from gateway.decoded import RawMessage
from gateway.endpoint import Endpoint, tls_context
from gateway.mapping.discovery import Discovery, Found, Proposal
from gengfu.app.broker import CORE_ACCOUNT, endpoint_of
from gengfu.app.given_files import classes_of, mapping_of
from gengfu.app.ledgers import ledgers_of
from gengfu.config import Settings
from gengfu.core.clock import SystemClock
from gengfu.core.errors import StartError
from gengfu.installation import Installation

_SUBSCRIBE_EVERY_S = 0.5
"""How often it is looked whether devices announced more topics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was found and where, and what kept us from finding more."""

    devices: Sequence[tuple[Found, Proposal]]
    usual: Sequence[str]
    """Topic filters by which devices are looked for, beside what they announce."""
    not_topics: Sequence[str]
    """What was announced and cannot be listened to."""
    refused: Sequence[str]
    """Topic filters that the broker did not grant."""


async def discover(settings: Settings, seconds: float, tell: Callable[[int, int], None]) -> Heard:
    """Listen for some seconds; ``tell`` is given how many have gone and the devices found so far.

    Raises:
        BadInput: when the mapping file or a class file has mistakes.
        StartError: when the broker cannot be reached or refuses the account.
    """
    place = Installation(settings.data)
    ledgers = ledgers_of(place)
    discovery = Discovery(mapping_of(settings), ledgers, settings.broker.root)
    refused: list[str] = []
    try:
        async with _listener(settings, place) as client, asyncio.TaskGroup() as tasks:
            hearing = tasks.create_task(_hear(client, discovery), name="hear")
            asking = tasks.create_task(_ask(client, discovery, refused), name="ask")
            for second in range(round(seconds)):
                tell(second, len(discovery.found()))
                await asyncio.sleep(1.0)
            hearing.cancel()
            asking.cancel()
    except* aiomqtt.MqttError as group:
        raise StartError(f"the broker {settings.broker.address}: {_first(group)}") from group
    classes = classes_of(settings)
    devices = [(one, discovery.propose(one, classes)) for one in discovery.found()]
    return Heard(
        devices=devices,
        usual=discovery.usual(),
        not_topics=tuple(discovery.refused),
        refused=refused,
    )


@asynccontextmanager
async def _listener(settings: Settings, place: Installation) -> AsyncIterator[aiomqtt.Client]:
    """Connect as one who may hear everything: on the embedded broker, an account for this once."""
    end = endpoint_of(settings, place)
    files = AccountFiles(place.broker) if settings.broker.embedded else None
    name = f"{CORE_ACCOUNT}-discover-{secrets.token_hex(4)}"
    if files is not None:
        everything = Account(name, (Line(Access.READ, "#"),))
        end = replace(end, user=name, password=files.add(everything))
    try:
        async with _client(end, name) as client:
            yield client
    finally:
        if files is not None:
            files.revoke(name)


def as_plain(found: Found, proposal: Proposal) -> Mapping[str, object]:
    """Return a found device for a script."""
    return {
        "format": found.format,
        "base": found.base,
        "device": found.device,
        "called": found.called,
        "messages": found.messages,
        "values": found.values,
        "units": found.units,
        "equipment": proposal.equipment,
        "points": proposal.points,
        "lines": proposal.lines,
    }


def _client(end: Endpoint, name: str) -> aiomqtt.Client:
    return aiomqtt.Client(
        end.host,
        end.port,
        identifier=name,
        username=end.user,
        password=end.password,
        tls_context=tls_context(end) if end.tls else None,
        timeout=10,
    )


async def _hear(client: aiomqtt.Client, discovery: Discovery) -> None:
    clock = SystemClock()
    async for message in client.messages:
        if isinstance(message.payload, bytes):
            topic, retained = str(message.topic), message.retain
            discovery.hear(RawMessage(topic, message.payload, clock.now(), retained))


async def _ask(client: aiomqtt.Client, discovery: Discovery, refused: list[str]) -> None:
    """Subscribe to what there is to hear, and to what is announced meanwhile."""
    asked: set[str] = set()
    while True:
        for topic in discovery.filters():
            if topic not in asked:
                asked.add(topic)
                codes = await client.subscribe(topic, qos=0)
                if any(getattr(code, "is_failure", code == 0x80) for code in codes):
                    refused.append(topic)
        await asyncio.sleep(_SUBSCRIBE_EVERY_S)


def _first(group: BaseExceptionGroup[aiomqtt.MqttError]) -> BaseException:
    one = group.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one
