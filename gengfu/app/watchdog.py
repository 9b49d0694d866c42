"""The watchdog process: sounds when core's proofs of the alarm path stop. It needs nobody else.

It reads one small file and speaks to people itself, by the webhooks of the settings: neither core
nor desk, broker nor database has to live for that.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence

import msgspec
import structlog

from alerts.channels.port import Channel, Delivered, Delivery
from gengfu.app.channels import webhooks
from gengfu.config import Settings
from gengfu.core.clock import Clock, SystemClock, to_iso
from gengfu.installation import Installation
from gengfu.proof import SILENCE_SECONDS, ProofFile
from gengfu.watchdog import TEXTS, Notice, Watch

log = structlog.get_logger()

LOOK_SECONDS = 1.0
AGAIN_SECONDS = 5.0
"""How soon a notice that a channel did not take is sent again."""
TRIES = 100
LAST_WORD_SECONDS = 8.0
"""How long the last notice of all may take, when the supervisor is gone."""


async def run_watchdog(settings: Settings, ready: Callable[[], None]) -> None:
    """Watch until cancelled; when that is because the supervisor died, say so first.

    People's clock and the machine's may differ (a demo's first day): this one goes by the machine's.
    """
    supervisor = os.getppid()
    proofs = ProofFile(Installation(settings.data).proof)
    async with contextlib.AsyncExitStack() as stack:
        channels = [await stack.enter_async_context(one) for one in webhooks(settings)]
        crier = Crier(channels, SystemClock())
        ready()
        try:
            await _watch(proofs, crier)
        except asyncio.CancelledError:
            if os.getppid() != supervisor:
                await crier.last_word()
            raise


async def _watch(proofs: ProofFile, crier: "Crier") -> None:
    loop = asyncio.get_running_loop()
    lying_there = proofs.read()
    watch = Watch(since=loop.time(), seen=lying_there.number if lying_there else 0)
    log.info("watchdog_watches", silence_s=SILENCE_SECONDS)
    async with asyncio.TaskGroup() as tasks:
        while True:
            notice = watch.look(proofs.read(), loop.time())
            if notice is not None:
                tasks.create_task(crier.cry(notice), name=f"cry {notice}")
            await asyncio.sleep(LOOK_SECONDS)


class Crier:
    """Tells a notice to the log and to every channel, until each has it or a newer one is told."""

    def __init__(self, channels: Sequence[Channel], clock: Clock) -> None:
        self._channels = tuple(channels)
        self._clock = clock
        self._latest = ""

    async def cry(self, notice: Notice, *, tries: int = TRIES) -> None:
        """Tell one notice everywhere."""
        at = self._clock.now()
        told = self._latest = f"watchdog.{notice}.{at}"
        speak = log.info if notice is Notice.PROVED_AGAIN else log.critical
        speak("watchdog", notice=notice, zh=TEXTS[notice].zh, en=TEXTS[notice].en)
        body = msgspec.json.encode(
            {
                "id": told,
                "what": f"watchdog_{notice}",
                "at": to_iso(at),
                "actor": "watchdog",
                "title": {"zh": TEXTS[notice].zh, "en": TEXTS[notice].en},
            }
        )
        async with asyncio.TaskGroup() as tasks:
            for channel in self._channels:
                delivery = Delivery(
                    id=told,
                    alert="",
                    channel=channel.name,
                    what=f"watchdog_{notice}",
                    body=body,
                    created_at=at,
                    attempts=0,
                )
                tasks.create_task(self._deliver(channel, delivery, tries))

    async def last_word(self) -> None:
        """Say that everything is gone, as far as that is possible in a few seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORD_SECONDS):
                await self.cry(Notice.ALL_GONE, tries=1)

    async def _deliver(self, channel: Channel, delivery: Delivery, tries: int) -> None:
        for number in range(tries):
            if delivery.id != self._latest:
                return
            outcome = await channel.send(delivery, now=self._clock.now())
            if isinstance(outcome, Delivered):
                return
            if number == 0:
                log.warning("watchdog_not_heard", channel=channel.name, why=outcome.why)
            if number + 1 < tries:
                await asyncio.sleep(AGAIN_SECONDS)
