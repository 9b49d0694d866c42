"""Publish a recording over MQTT, as the device that made it would have.

With ``keep_times`` every row goes out when the clock reaches its time: for a system whose clock was
started there. Otherwise the first row is now, and the times between rows shrink by ``speed``, so
that no row ever lies in the future. Numbers travel as they were written.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import aiomqtt

from gengfu.core.batch import TopicKind
from gengfu.core.clock import Clock, Micros, to_utc
from gengfu.core.errors import StartError
from simulators.broker.connection import BrokerAddress
from simulators.recording.rows import Recording, Row

ROWS_A_MESSAGE = 100
LONGEST_NAP_SECONDS = 0.25
"""The clock is asked again so often: it may race, or be caught up with meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What was published and confirmed by the broker; times as published."""

    rows: int
    values: int
    messages: int
    first: Micros
    last: Micros
    repeated: int
    """Rows that bear the time of the row before: the later one wins in every store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """As whom a recording is published."""

    site: str
    equipment: str
    boot: str
    root: str = "gf"

    @property
    def topic(self) -> str:
        return f"{self.root}/{self.site}/{self.equipment}/up/{TopicKind.TELEMETRY}"


async def replay(
    recording: Recording,
    *,
    site: str,
    equipment: str,
    clock: Clock,
    broker: BrokerAddress,
    speed: float = 1.0,
    keep_times: bool = False,
    root: str = "gf",
) -> Replayed:
    """Publish a recording with QoS 1 and return when the broker has confirmed every message.

    Rows that are due together travel in one message, at most ``ROWS_A_MESSAGE`` of them.

    Raises:
        StartError: when the broker cannot be reached or goes away.
    """
    now = clock.now()
    target = Target(site=site, equipment=equipment, boot=f"r{now:x}", root=root)
    rows = recording.rows if keep_times else shifted(recording.rows, to=now, speed=speed)
    try:
        async with broker.client(f"replay-{equipment}-{now:x}") as client:
            messages = await _publish(client, target, recording.points, rows, clock)
    except aiomqtt.MqttError as exc:
        raise StartError(f"the broker at {broker.url} does not take the recording: {exc}") from exc
    nulls = sum(value == "null" for row in rows for value in row.values)
    return Replayed(
        rows=len(rows),
        values=len(rows) * len(recording.points) - nulls,
        messages=messages,
        first=rows[0].at,
        last=rows[-1].at,
        repeated=recording.repeated,
    )


def shifted(rows: Sequence[Row], *, to: Micros, speed: float) -> tuple[Row, ...]:
    """Return rows that begin at ``to``, the times between them divided by ``speed``, in whole ms."""
    first = rows[0].at
    return tuple(
        Row(at=(to + round((row.at - first) / speed)) // 1000 * 1000, values=row.values)
        for row in rows
    )


def encode(rows: Sequence[Row], points: Sequence[str], *, seq: int, boot: str) -> bytes:
    """Write rows in the columnar shape, every number with the digits that it was recorded with."""
    times = ",".join(_time(row.at) for row in rows)
    columns = ",".join(
        f'"{point}":[{",".join(row.values[index] for row in rows)}]'
        for index, point in enumerate(points)
    )
    text = f'{{"ts":[{times}],"seq":{seq},"boot":"{boot}","points":{{{columns}}}}}'
    return text.encode()


def _time(at: Micros) -> str:
    """Write a time in whole milliseconds, or as ISO 8601 where that would lose microseconds."""
    whole, rest = divmod(at, 1000)
    return f'"{to_utc(at).isoformat()}"' if rest else str(whole)


async def _publish(
    client: aiomqtt.Client,
    target: Target,
    points: Sequence[str],
    rows: Sequence[Row],
    clock: Clock,
) -> int:
    """Publish rows as the clock reaches them; return how many messages that took."""
    sent = messages = 0
    while sent < len(rows):
        await _reached(rows[sent].at, clock)
        due = sum(1 for _ in _due(rows, sent, clock.now()))
        messages += 1
        payload = encode(rows[sent : sent + due], points, seq=messages, boot=target.boot)
        await client.publish(target.topic, payload, qos=1)
        sent += due
    return messages


async def _reached(at: Micros, clock: Clock) -> None:
    while (span := at - clock.now()) > 0:  # noqa: ASYNC110 – a clock has no event to wait for
        await asyncio.sleep(min(clock.real_seconds(span), LONGEST_NAP_SECONDS))


def _due(rows: Sequence[Row], start: int, now: Micros) -> Iterator[Row]:
    for row in rows[start : start + ROWS_A_MESSAGE]:
        if row.at > now and row is not rows[start]:
            return
        yield row
