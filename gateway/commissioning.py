"""Checks a device's account from both ends: whether it can say what it must, and nothing else.

It signs in as the device and, beside it, as Gengfu. What it sends says nothing (an empty object, an
empty list), so no reading, event or alarm comes of it. Whether a message was let through is seen at
the other end, for MQTT 3.1.1 does not tell the sender. A message that must not arrive is followed by
one that must, in the same order: once that is here, the other never comes.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

import aiomqtt

from gateway import topics
from gateway.endpoint import Endpoint, tls_context
from gengfu.core.batch import TopicKind

PATIENCE_S = 5.0
_EMPTY = {
    TopicKind.TELEMETRY: b'{"points": {}}',
    TopicKind.VITAL: b'{"points": {}}',
    TopicKind.EVENT: b"[]",
}
"""Messages that say nothing. ``up/status`` is let through by the same access line as these."""


class Claim(StrEnum):
    """What is checked."""

    SIGNS_IN = "signs in"
    IS_HEARD = "is heard on"
    HEARS = "hears its own"
    CANNOT_SPEAK = "cannot speak on"
    CANNOT_LISTEN = "cannot listen to"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the check."""

    claim: Claim
    topic: str
    holds: bool
    mend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the device stands, and another that it must not speak for."""

    site: str
    equipment: str
    other: str
    """Another equipment of the site, whose account this is not."""
    root: str = topics.DEFAULT_ROOT

    def up(self, kind: TopicKind, equipment: str = "") -> str:
        return topics.up(self.site, equipment or self.equipment, kind, self.root)

    def down(self, equipment: str) -> str:
        """Return a topic below ``down`` that no device knows."""
        return f"{self.root}/{self.site}/{equipment}/down/check"


async def check(
    device: Endpoint, gengfu: Endpoint, place: Place, *, patience_s: float = PATIENCE_S
) -> Sequence[Finding]:
    """Check a device's account; what must arrive has so many seconds to do so.

    Raises:
        aiomqtt.MqttError: Gengfu's own account is refused, or the broker is not there.
    """
    async with _client(gengfu, "gengfu.check") as ours:
        await ours.subscribe(f"{place.root}/{place.site}/+/up/#", 1)
        try:
            async with _client(device, place.equipment) as theirs:
                heard = _Heard(ours, patience_s)
                spoken = [await _speaks(theirs, heard, place, kind) for kind in _EMPTY]
                kept = [await _keeps_to_itself(theirs, heard, place)]
                listened = await _listens(_Heard(theirs, patience_s), ours, place)
        except aiomqtt.MqttError as exc:
            mend = f"{exc}: account, password or certificate; see the broker's log"
            return [Finding(claim=Claim.SIGNS_IN, topic="", holds=False, mend=mend)]
    signed_in = Finding(claim=Claim.SIGNS_IN, topic="", holds=True)
    return [signed_in, *spoken, *kept, *listened]


class _Heard:
    """What arrives at one end, until a topic that is waited for."""

    def __init__(self, client: aiomqtt.Client, patience_s: float) -> None:
        self.client = client
        self._patience_s = patience_s

    async def until(self, topic: str) -> tuple[bool, set[str]]:
        """Return whether ``topic`` came in time, and all topics that came before it."""
        before: set[str] = set()
        try:
            async with asyncio.timeout(self._patience_s):
                async for message in self.client.messages:
                    if str(message.topic) == topic:
                        return True, before
                    before.add(str(message.topic))
        except TimeoutError:
            pass
        return False, before


async def _speaks(theirs: aiomqtt.Client, heard: _Heard, place: Place, kind: TopicKind) -> Finding:
    topic = place.up(kind)
    await theirs.publish(topic, _EMPTY[kind], 1)
    came, _ = await heard.until(topic)
    mend = f"the account {place.equipment} lacks 'topic write {place.up(kind)}': run gengfu devices add"
    return Finding(claim=Claim.IS_HEARD, topic=topic, holds=came, mend="" if came else mend)


async def _keeps_to_itself(theirs: aiomqtt.Client, heard: _Heard, place: Place) -> Finding:
    foreign = place.up(TopicKind.TELEMETRY, place.other)
    await theirs.publish(foreign, _EMPTY[TopicKind.TELEMETRY], 1)
    await theirs.publish(place.up(TopicKind.EVENT), _EMPTY[TopicKind.EVENT], 1)
    came, before = await heard.until(place.up(TopicKind.EVENT))
    holds = came and foreign not in before
    mend = "the broker lets it speak for others: is acl_file set, and no pattern with %u in it?"
    return Finding(claim=Claim.CANNOT_SPEAK, topic=foreign, holds=holds, mend="" if holds else mend)


async def _listens(theirs: _Heard, ours: aiomqtt.Client, place: Place) -> Sequence[Finding]:
    own, foreign = place.down(place.equipment), place.down(place.other)
    for filter_ in (own, "#"):
        await theirs.client.subscribe(filter_, 1)
    for topic in (foreign, own):
        await ours.publish(topic, b"", 1)
    came, before = await theirs.until(own)
    missing = f"the account lacks 'topic read {place.root}/{place.site}/{place.equipment}/down/#'"
    open_ = "the broker lets it listen to everything: is acl_file set?"
    apart = foreign not in before
    return (
        Finding(claim=Claim.HEARS, topic=own, holds=came, mend="" if came else missing),
        Finding(claim=Claim.CANNOT_LISTEN, topic="#", holds=apart, mend="" if apart else open_),
    )


@asynccontextmanager
async def _client(end: Endpoint, name: str) -> AsyncIterator[aiomqtt.Client]:
    async with aiomqtt.Client(
        end.host,
        end.port,
        identifier=name,
        username=end.user,
        password=end.password,
        tls_context=tls_context(end) if end.tls else None,
        timeout=PATIENCE_S,
    ) as client:
        yield client
