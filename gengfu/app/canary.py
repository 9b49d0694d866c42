"""The canary: an event of our own goes the whole way every ten seconds, and its verdict comes back.

broker → gateway → journal → rules → the commit of the alerts; there it is taken off, so that it never
stands among people's alerts. What has not come back in time is an outage of the alarm path.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from gengfu.core.clock import Clock, Micros
from gengfu.core.naming import Scalar
from gengfu.proof import CANARY_SECONDS, SILENCE_SECONDS, Proof, ProofFile
from rules.engine.verdict import Verdict
from rules.runner import VerdictSink

log = structlog.get_logger()

CANARY_RULE = "system.canary"
RETRY_SECONDS = 1.0
"""How soon another one is tried when the broker could not take one."""


class Way(Protocol):
    """Where a canary is let out: the gateway."""

    def publish_own(self, type_: str, attributes: Mapping[str, Scalar]) -> bool: ...


class Canary:
    """Sends canaries, knows which came back, and leaves the proof of it."""

    def __init__(
        self,
        way: Way,
        proofs: ProofFile,
        clock: Clock,
        off: Callable[[], Micros] = lambda: 0,
        *,
        ever: bool = False,
    ) -> None:
        """``ever``: one came through in an earlier run."""
        self.proved: bool | None = None
        """Whether one came through within the time of three; None = too early to tell."""
        self.took_ms: float | None = None
        self._way = way
        self._proofs = proofs
        self._clock, self._off = clock, off
        self._sent: dict[int, float] = {}
        self._back_at = 0.0
        self._last = Proof(number=0, at=0, off=off(), ever=ever)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self) -> None:
        """Send and judge until cancelled."""
        self._loop = asyncio.get_running_loop()
        self._back_at = self._loop.time()
        self._leave(self._last)
        while True:
            sent = self._send(self._loop.time())
            await asyncio.sleep(CANARY_SECONDS if sent else RETRY_SECONDS)
            self._judge(self._loop.time())

    def stopped(self) -> None:
        """Leave word that we were stopped as asked."""
        self._leave(replace(self._last, stopped=True))

    def arrived(self, number: int) -> None:
        """Note a canary whose verdict the alerts have committed; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._note, number)

    def _send(self, now: float) -> bool:
        number = self._clock.now()
        sent = self._way.publish_own("canary", {"number": number})
        if sent:
            self._sent[number] = now
            self._sent = {one: at for one, at in self._sent.items() if now - at < SILENCE_SECONDS}
        return sent

    def _note(self, number: int) -> None:
        assert self._loop is not None
        now = self._loop.time()
        sent_at = self._sent.pop(number, None)
        if sent_at is None:
            return  # of an earlier run, or too late to prove anything
        self._back_at, self.took_ms = now, round((now - sent_at) * 1000, 1)
        if not self.proved:
            self.proved = True
            log.info("alarm_path_proved", took_ms=round(self.took_ms))
        at = self._clock.now()
        off, took_ms = self._off(), self.took_ms
        self._leave(Proof(number=number, at=at, off=off, took_ms=took_ms, ever=True))

    def _judge(self, now: float) -> None:
        if self.proved is not False and now - self._back_at >= SILENCE_SECONDS:
            self.proved = False
            log.error("alarm_path_not_proved", silent_s=round(now - self._back_at))

    def _leave(self, proof: Proof) -> None:
        self._last = proof
        try:
            self._proofs.write(proof)
        except OSError as exc:
            log.warning("proof_not_written", reason=str(exc))


class CanarySink:
    """Stands before the alerts: takes canaries off, and reports them when the rest is committed."""

    def __init__(self, alerts: VerdictSink, canary: Canary) -> None:
        self._alerts = alerts
        self._canary = canary

    def applied_position(self) -> int:
        """Return the position up to which the alerts have applied verdicts."""
        return self._alerts.applied_position()

    def apply(self, verdicts: Sequence[Verdict], *, position: int, at: Micros) -> None:
        """Hand people's verdicts on; what is left are canaries, and they have arrived."""
        self._alerts.apply(
            [one for one in verdicts if one.rule != CANARY_RULE], position=position, at=at
        )
        for verdict in verdicts:
            number = verdict.values.get("number")
            if verdict.rule == CANARY_RULE and isinstance(number, int):
                self._canary.arrived(number)
