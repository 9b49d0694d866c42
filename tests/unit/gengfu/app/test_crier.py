"""The watchdog's voice: every channel hears a notice, until a newer one is told."""

import asyncio
import json

import pytest

from alerts.channels.port import Delivered, Delivery, Failed
from gengfu.app import watchdog
from gengfu.app.watchdog import Crier
from gengfu.core.clock import SECOND, Micros
from gengfu.watchdog import Notice
from tests.fakes.manual_clock import ManualClock
from tests.fakes.waiting import until


class FakeChannel:
    """Refuses the first attempts, or hangs."""

    def __init__(self, name: str, refuses: float = 0, *, hangs: bool = False) -> None:
        self.name = name
        self.heard: list[str] = []
        self.attempts: list[Delivery] = []
        self._refuses = refuses
        self._hangs = hangs

    async def send(self, delivery: Delivery, *, now: Micros) -> Delivered | Failed:
        self.attempts.append(delivery)
        if self._hangs:
            await asyncio.Event().wait()
        if len(self.attempts) <= self._refuses:
            return Failed("not now")
        self.heard.append(delivery.what)
        return Delivered()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "AGAIN_SECONDS", 0.001)
    monkeypatch.setattr(watchdog, "LAST_WORD_SECONDS", 0.05)


async def test_one_deaf_receiver_keeps_others_from_hearing() -> None:
    """Each channel gets the same notice under one id, the one that refused as soon as it takes it."""
    good, slow = FakeChannel("good"), FakeChannel("slow", refuses=3)
    await Crier([good, slow], ManualClock()).cry(Notice.SILENT)
    assert good.heard == slow.heard == ["watchdog_silent"]
    assert len({one.id for one in (*good.attempts, *slow.attempts)}) == 1
    told = json.loads(good.attempts[0].body)
    assert told["what"] == "watchdog_silent"
    assert told["title"]["zh"]
    assert told["title"]["en"]


async def test_old_news_is_told_after_new() -> None:
    """A notice that nobody took yet is dropped when the next one is told."""
    clock, channel = ManualClock(), FakeChannel("deaf", refuses=float("inf"))
    crier = Crier([channel], clock)
    first = asyncio.create_task(crier.cry(Notice.SILENT))
    await until(lambda: len(channel.attempts) > 2, "some attempts")
    clock.advance(SECOND)
    await crier.cry(Notice.PROVED_AGAIN, tries=1)
    await asyncio.wait_for(first, 30)
    assert channel.attempts[-1].what == "watchdog_proved_again"


async def test_the_last_word_keeps_us_alive() -> None:
    """When everything is gone, a receiver that hangs holds the watchdog up for a moment only."""
    good, stuck = FakeChannel("good"), FakeChannel("stuck", hangs=True)
    await asyncio.wait_for(Crier([good, stuck], ManualClock()).last_word(), 30)
    assert good.heard == ["watchdog_all_gone"]
