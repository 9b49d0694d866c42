"""The host's clock as a test sets it, for every process of a running system.

A folder with a ``sitecustomize`` goes on ``PYTHONPATH``: each interpreter that starts then adds the
seconds that stand in a file to what the host says. The product knows nothing of it.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.system import ROOT

_SITE = """
import time

_real_ns = time.time_ns
_seen = [0.0, 0]

def _step():
    now = time.monotonic()
    if now - _seen[0] > 0.02:
        with open({file!r}, encoding="ascii") as file:
            _seen[:] = [now, int(float(file.read() or 0) * 1_000_000_000)]
    return _seen[1]

time.time_ns = lambda: _real_ns() + _step()
time.time = lambda: time.time_ns() / 1_000_000_000
"""


@dataclass(frozen=True, slots=True)
class HostClock:
    """How far the host's clock is off, in seconds; it may be stepped at any time."""

    folder: Path

    def environment(self) -> dict[str, str]:
        """Prepare the folder; return what processes need in their environment."""
        self.folder.mkdir()
        file = self.folder / "offset"
        self.step(0)
        (self.folder / "sitecustomize.py").write_text(
            _SITE.format(file=str(file)), encoding="utf-8"
        )
        return {"PYTHONPATH": f"{self.folder}:{ROOT}"}

    def step(self, seconds: float) -> None:
        """Set how far the clock is off the true time."""
        new = self.folder / "offset.new"
        new.write_text(str(seconds), encoding="ascii")
        new.replace(self.folder / "offset")
