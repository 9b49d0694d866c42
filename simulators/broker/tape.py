"""Records a broker's traffic, and plays a recording to a broker, over a real connection."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import aiomqtt
from paho.mqtt.subscribeoptions import SubscribeOptions

from gengfu.core.clock import SECOND, Clock, Micros
from gengfu.core.errors import BadInput, StartError
from gengfu.core.said import said
from simulators.broker.capture import Caught, head_line, message_line, opened
from simulators.broker.connection import BrokerAddress

_T = TypeVar("_T")

IN_FLIGHT = 200
REFUSED = 0x80
"""From here on an answer to a subscription is a refusal (MQTT 3.1.1 §3.9.3, MQTT 5 §3.9.3)."""
LONGEST_NAP_SECONDS = 0.25
FLUSH_SECONDS = 1.0
"""What was heard is in the file after this, whatever becomes of us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taped:
    """What was recorded, or played: messages and how much time they span."""

    messages: int
    payload_bytes: int
    span: Micros


class _Tape:
    """A file that is being written; every failure of its disk is told with its name."""

    def __init__(self, file: Path, clock: Clock) -> None:
        self.messages = self.size = 0
        self.started = self.last = clock.now()
        self._file = file
        self._clock = clock
        self._out = self._tried(lambda: opened(file, "wb"))
        self._write(head_line(self.started))

    def add(self, message: aiomqtt.Message) -> None:
        self.last = self._clock.now()
        caught = _caught(message, self.last - self.started)
        self._write(message_line(caught))
        self.messages, self.size = self.messages + 1, self.size + len(caught.payload)

    async def keep(self) -> None:
        """Bring what was written to the disk, again and again."""
        while True:
            self._tried(self._out.flush)
            await asyncio.sleep(FLUSH_SECONDS)

    def close(self) -> None:
        self._tried(self._out.close)

    def _write(self, line: bytes) -> None:
        self._tried(lambda: self._out.write(line))

    def _tried(self, act: Callable[[], _T]) -> _T:
        try:
            return act()
        except OSError as exc:
            why = said("cannot be written: {}", exc.strerror)
            raise BadInput.of(str(self._file), "", why) from exc


@contextmanager
def _taping(file: Path, clock: Clock) -> Iterator[_Tape]:
    tape = _Tape(file, clock)
    try:
        yield tape
    finally:
        tape.close()


async def record(
    file: Path,
    *,
    broker: BrokerAddress,
    topics: Sequence[str],
    clock: Clock,
    lasts: Micros | None = None,
) -> Taped:
    """Write what a broker hands over to a file, for ``lasts`` or until cancelled.

    Retained messages, which it hands over at once, are the beginning of the recording. Over MQTT 5
    those that come later bear their mark too; MQTT 3.1.1 takes it from them (§3.3.1.3).

    Raises:
        BadInput: the file cannot be written.
        StartError: when the broker cannot be reached, goes away, or refuses to let us hear a topic.
    """
    with _taping(file, clock) as tape:
        try:
            with suppress(asyncio.CancelledError):
                is_five = await _speaks_five(broker, f"record-{tape.started:x}-probe")
                async with broker.client(f"record-{tape.started:x}", is_five=is_five) as client:
                    await _listen(client, topics, broker, is_five=is_five)
                    await _hear(client, tape, lasts)
        except aiomqtt.MqttError as exc:
            raise StartError(f"the broker at {broker.url} is gone: {exc}") from exc
    return Taped(messages=tape.messages, payload_bytes=tape.size, span=tape.last - tape.started)


async def _hear(client: aiomqtt.Client, tape: _Tape, lasts: Micros | None) -> None:
    try:
        async with asyncio.TaskGroup() as tasks:
            keeping = tasks.create_task(tape.keep(), name="keep")
            with suppress(TimeoutError):
                async with asyncio.timeout(None if lasts is None else lasts / SECOND):
                    async for message in client.messages:
                        tape.add(message)
            keeping.cancel()
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed


async def _speaks_five(broker: BrokerAddress, name: str) -> bool:
    """Tell whether a broker speaks MQTT 5; what else is wrong is told by the next connection."""
    if broker.speaks_five is not None:
        return broker.speaks_five
    try:
        async with broker.client(name, is_five=True):
            return True
    except aiomqtt.MqttError:
        return False


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
        BadInput: the recording is broken; what stands before was published.
        StartError: when the broker cannot be reached or goes away.
    """
    count = size = 0
    last: Micros = 0
    try:
        async with broker.client(f"tape-{clock.now():x}") as client:
            client.pending_calls_threshold = 2 * IN_FLIGHT
            waiting: list[Caught] = []
            try:
                for one in messages:
                    due = began + round(one.after / speed)
                    if waiting and (due > clock.now() or len(waiting) >= IN_FLIGHT):
                        await _publish(client, waiting)
                        waiting = []
                    await _reached(due, clock)
                    waiting.append(one)
                    count, size, last = count + 1, size + len(one.payload), one.after
            except BadInput:
                await _publish(client, waiting)
                raise
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


async def _listen(
    client: aiomqtt.Client, topics: Sequence[str], broker: BrokerAddress, *, is_five: bool
) -> None:
    """Subscribe to all that is said as it is said: with its QoS, and over MQTT 5 its retain mark.

    A refusal is an error, for what came of it would be an empty recording.
    """
    if is_five:
        as_said = SubscribeOptions(qos=2, retainAsPublished=True)
        answers = await client.subscribe([(topic, as_said) for topic in topics])
    else:
        answers = await client.subscribe([(topic, 2) for topic in topics])
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
