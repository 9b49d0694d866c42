"""Records a broker's traffic, and plays a recording to a broker, over a real connection."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import aiomqtt

from gengfu.core.clock import SECOND, Clock, Micros
from gengfu.core.errors import BadInput, StartError
from gengfu.core.said import said
from simulators.capture import Caught, head_line, message_line, opened
from simulators.connection import BrokerAddress

IN_FLIGHT = 200
REFUSED = 0x80
"""From here on an answer to a subscription is a refusal (MQTT 3.1.1 §3.9.3, MQTT 5 §3.9.3)."""
LONGEST_NAP_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Taped:
    """What was recorded, or played: messages and how much time they span."""

    messages: int
    payload_bytes: int
    span: Micros


async def record(
    file: Path,
    *,
    broker: BrokerAddress,
    topics: Sequence[str],
    clock: Clock,
    lasts: Micros | None = None,
) -> Taped:
    """Write what a broker hands over to a file, for ``lasts`` or until cancelled.

    Retained messages, which it hands over at once, are the beginning of the recording.

    Raises:
        BadInput: the file cannot be written.
        StartError: when the broker cannot be reached, goes away, or refuses to let us hear a topic.
    """
    count = size = 0
    started = clock.now()
    last = started
    with _written(file) as out:
        out.write(head_line(started))
        try:
            async with broker.client(f"record-{started:x}") as client:
                await _listen(client, topics, broker)
                with suppress(TimeoutError, asyncio.CancelledError):
                    async with asyncio.timeout(None if lasts is None else lasts / SECOND):
                        async for message in client.messages:
                            last = clock.now()
                            caught = _caught(message, last - started)
                            out.write(message_line(caught))
                            count, size = count + 1, size + len(caught.payload)
        except aiomqtt.MqttError as exc:
            raise StartError(f"the broker at {broker.url} is gone: {exc}") from exc
    return Taped(messages=count, payload_bytes=size, span=last - started)


async def play(
    messages: Iterable[Caught],
    *,
    broker: BrokerAddress,
    clock: Clock,
    began: Micros,
    speed: float = 1.0,
) -> Taped:
    """Publish recorded messages in their order, at their distances from ``began`` divided by ``speed``.

    Returns when the broker has confirmed every one that had been confirmed when it was recorded.

    Raises:
        StartError: when the broker cannot be reached or goes away.
    """
    count = size = 0
    last: Micros = 0
    try:
        async with broker.client(f"tape-{clock.now():x}") as client:
            client.pending_calls_threshold = 2 * IN_FLIGHT
            waiting: list[Caught] = []
            for one in messages:
                due = began + round(one.after / speed)
                if waiting and (due > clock.now() or len(waiting) >= IN_FLIGHT):
                    await _publish(client, waiting)
                    waiting = []
                await _reached(due, clock)
                waiting.append(one)
                count, size, last = count + 1, size + len(one.payload), one.after
            await _publish(client, waiting)
    except aiomqtt.MqttError as exc:
        raise StartError(f"the broker at {broker.url} does not take it: {exc}") from exc
    return Taped(messages=count, payload_bytes=size, span=last)


def _caught(message: aiomqtt.Message, after: Micros) -> Caught:
    payload = message.payload
    return Caught(
        after=after,
        topic=str(message.topic),
        payload=payload if isinstance(payload, bytes) else b"",
        qos=message.qos,
        retain=bool(message.retain),
    )


def _written(file: Path) -> BinaryIO:
    try:
        return opened(file, "wb")
    except OSError as exc:
        raise BadInput.of(str(file), "", said("cannot be written: {}", exc.strerror)) from exc


async def _listen(client: aiomqtt.Client, topics: Sequence[str], broker: BrokerAddress) -> None:
    """Subscribe; a refusal is an error, for what came of it would be an empty recording."""
    answers = await client.subscribe([(topic, 1) for topic in topics])
    codes = (one if isinstance(one, int) else one.value for one in answers)
    refused = [topic for topic, code in zip(topics, codes, strict=True) if code >= REFUSED]
    if refused:
        raise StartError(
            f"the broker at {broker.url} does not let {broker.user or 'us'} hear {', '.join(refused)}"
        )


async def _publish(client: aiomqtt.Client, messages: Sequence[Caught]) -> None:
    """Hand over in order, all at once; aiomqtt puts them on the wire in the order of the calls."""
    calls = (
        client.publish(one.topic, one.payload, qos=one.qos, retain=one.retain) for one in messages
    )
    await asyncio.gather(*calls)


async def _reached(at: Micros, clock: Clock) -> None:
    while (span := at - clock.now()) > 0:  # noqa: ASYNC110 – a clock has no event to wait for
        await asyncio.sleep(min(clock.real_seconds(span), LONGEST_NAP_SECONDS))
