"""The small file in which core leaves the proof that the alarm path works, for others to look at.

Core writes it each time a canary has come through; watchdog and desk read it. It is written in place
and never grows, so that a full disk does not stop it. Who reads it compares what it says with what
it said before, or the file's own age: a clock that jumps does not matter.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gengfu.core.clock import Clock, Micros

CANARY_SECONDS = 10.0
"""How often a canary is sent."""
MISSING = 3
"""So many canaries missing, one after the other, are an alarm."""
SILENCE_SECONDS = CANARY_SECONDS * MISSING
_SIZE = 256
"""Enough for every field at its widest; what is left over is spaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What core says of its alarm path."""

    number: int
    """Of the last canary that came through; 0 = none yet since the start."""
    at: Micros
    """When, by core's clock."""
    off: Micros = 0
    """How far that clock was ahead of the host's then; behind it, when negative."""
    took_ms: float = 0.0
    """From its sending to the commit of what the rules said."""
    ever: bool = False
    """One came through in this run or an earlier one: the broker knows us."""
    stopped: bool = False
    """Core was stopped as asked."""


@dataclass(slots=True)
class CoreTime:
    """Core's time as others read it: what it wrote, and waits for, is told by its own clock."""

    host: Clock
    proofs: "ProofFile"
    _off: Micros = 0

    def now(self) -> Micros:
        """Return the time by which core works now, as its last proof told it."""
        proof = self.proofs.read()
        if proof is not None:
            self._off = proof.off
        return self.host.now() + self._off

    def real_seconds(self, span: Micros) -> float:
        """Return how many real seconds pass while this clock advances by ``span``."""
        return self.host.real_seconds(span)


@dataclass(frozen=True, slots=True)
class ProofFile:
    """The file, for its one writer and its readers."""

    path: Path

    def write(self, proof: Proof) -> None:
        """Leave a proof.

        Raises:
            OSError: the disk refuses, even in place.
        """
        line = msgspec.json.encode(proof).ljust(_SIZE - 1) + b"\n"
        assert len(line) == _SIZE, "a proof outgrew its file"
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o640)
        try:
            os.pwrite(handle, line, 0)
        finally:
            os.close(handle)

    def read(self) -> Proof | None:
        """Return the last proof; None when there is none, or it is just being written."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Proof)
        except (OSError, msgspec.DecodeError):
            return None

    def age_seconds(self) -> float:
        """Return how long ago it was written, by the machine's clock; infinite without a file."""
        try:
            return max(0.0, time.time() - self.path.stat().st_mtime)
        except OSError:
            return float("inf")
