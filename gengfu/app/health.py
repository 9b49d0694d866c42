"""What the desk sees of the alarm path, part by part, and the figures for monitoring."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.accounting import Accounting, account, metrics_of
from dashboards.estate import Estate
from dashboards.web.ports import PartState
from gengfu.core.clock import Clock
from gengfu.proof import SILENCE_SECONDS, ProofFile
from ingest.store.writer import Lag, StoreWriter
from rules.parking import Parked, ParkingLot, Stage

STALE_CORE_SECONDS = 15.0
"""Core writes the time into the journal every second; so old a journal means that it hangs."""


FILLING_RECORDS = 2_000
"""So far behind, a store is being filled, and how far that is is said."""


def behind(lag: Lag) -> str:
    """Say how far a store is behind, how far filling it is, and what it will never have."""
    said = f"{lag.pending_records} records behind"
    if lag.pending_records > FILLING_RECORDS:
        said = f"filling: {lag.filled:.0%}, {said}"
    if lag.gone_records:
        said += f"; {lag.gone_records} older records are no longer in the archive"
    return said


def set_aside(parked: Sequence[Parked]) -> str:
    """Say what of the journal the rules do not judge."""
    waiting = [one for one in parked if one.stage is not Stage.DONE]
    if not waiting:
        return "all are judged"
    keys = ", ".join(one.key for one in waiting[:5])
    return f"{len(waiting)} set aside after killing core: {keys} (gengfu parked list)"


@dataclass(frozen=True, slots=True)
class Health:
    """What the desk sees of the alarm path, and the figures."""

    clock: Clock
    writer: StoreWriter
    estate: Estate
    proofs: ProofFile
    parked: ParkingLot

    def parts(self) -> Sequence[PartState]:
        """Return each part of the path and whether it works."""
        lag = self.writer.lag()
        age = self.clock.real_seconds(self.clock.now() - self.estate.now)
        return (
            PartState(
                name="core", ready=age < STALE_CORE_SECONDS, detail=f"journal {age:.1f} s old"
            ),
            self.alarm_path(),
            PartState(name="records", ready=True, detail=set_aside(tuple(self.parked.all()))),
            PartState(
                name="store",
                ready=lag.outage is None,
                detail=lag.outage or behind(lag),
            ),
        )

    def alarm_path(self) -> PartState:
        """Tell whether a canary came the whole way lately (docs/promises.md, P9)."""
        proof, age = self.proofs.read(), self.proofs.age_seconds()
        if proof is None or proof.stopped or not proof.number:
            return PartState(name="alarm path", ready=False, detail="no canary came through yet")
        detail = f"canary of {age:.0f} s ago took {proof.took_ms:.0f} ms"
        return PartState(name="alarm path", ready=age < SILENCE_SECONDS, detail=detail)

    def metrics(self) -> bytes:
        """Return the figures for Prometheus."""
        return metrics_of(self.accounting())

    def accounting(self) -> Accounting:
        """Return what came in and what became of it."""
        return account(self.writer.lag())
