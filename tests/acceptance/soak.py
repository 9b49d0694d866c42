"""``make soak``: kill trials without end, added up over all runs.

The sums lie in ``GENGFU_SOAK`` (default ``./soak``) and go on where the last run stopped. A trial
that found something keeps its folder and prints its seed. Run by ``python -m tests.acceptance.soak``.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.acceptance.plain_trial import RIVALS, run_plain
from tests.acceptance.system import ROOT
from tests.acceptance.trial import Trial, Verdict, percentile

_GOAL = 10_000
_KEPT = 20_000
"""Latencies; of more, the first are forgotten."""


class Sums(msgspec.Struct, kw_only=True):
    """What all runs together did and found."""

    trials: int = 0
    next_seed: int = 1
    seconds: float = 0.0
    kills: dict[str, int] = {}
    events: int = 0
    values: int = 0
    missing: int = 0
    missing_events: int = 0
    faults: list[str] = []
    visible_s: list[float] = []
    answered_s: list[float] = []
    calm_s: list[float] = []
    commits: list[str] = []
    """Revisions of the product that were tried."""

    def add(self, verdict: Verdict, seconds: float) -> None:
        """Add a trial."""
        self.trials += 1
        self.seconds += seconds
        for name, count in verdict.kills.items():
            self.kills[name] = self.kills.get(name, 0) + count
        self.events += verdict.events
        self.values += verdict.values
        self.missing += verdict.missing
        self.missing_events += verdict.missing_events
        self.faults += [f"seed {verdict.seed}: {fault}" for fault in verdict.faults]
        self.visible_s = [*self.visible_s, *verdict.visible_s][-_KEPT:]
        self.calm_s = [*self.calm_s, *verdict.calm_s][-_KEPT:]
        self.answered_s = [*self.answered_s, *verdict.answered_s][-_KEPT:]

    def __str__(self) -> str:
        kills = ", ".join(f"{name} {count:,}" for name, count in sorted(self.kills.items()))
        taken = self.values + self.missing
        lines = [
            f"trials              {self.trials:,} in {self.seconds / 3600:.1f} h",
            f"kill -9             {sum(self.kills.values()):,} of {_GOAL:,} ({kills})",
            f"sent                {self.events:,} events; {taken:,} values that the broker took",
            f"missing in the end  {self.missing_events:,} events, {self.missing:,} values",
        ]
        if self.visible_s:
            lines += self._judged()
        return "\n".join([*lines, *self.faults[-20:]])

    def _judged(self) -> list[str]:
        """Say what only Gengfu is asked for."""
        lost = sum(" I1" in fault for fault in self.faults)
        double = sum(" I2" in fault for fault in self.faults)
        return [
            "                    (values: in the killed broker, before it handed them over)",
            f"losses              {lost}",
            f"duplicates          {double}",
            f"I1–I9 violations    {len(self.faults)}",
            _latency("raised → acknowledged, killing", self.answered_s),
            _latency("raised → visible, killing", self.visible_s),
            _latency("raised → visible, before the first kill", self.calm_s),
        ]


def _latency(name: str, seconds: Sequence[float]) -> str:
    p50, p99 = percentile(seconds, 50), percentile(seconds, 99)
    return f"{name}: p50 {p50:.2f} s, p99 {p99:.2f} s, n {len(seconds):,}"


def main() -> int:
    """Run until the time is over or Ctrl-C; exit 1 when anything was ever found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--trials", type=int, default=10**9, help="at most")
    parser.add_argument("--kills", type=int, default=120, help="in a trial")
    parser.add_argument("--rival", choices=RIVALS, help="the plain script instead, same seeds")
    parser.add_argument("--show", action="store_true", help="print the sums and end")
    options = parser.parse_args()
    folder = Path(os.environ.get("GENGFU_SOAK", "soak"))
    file = folder / f"{options.rival or 'gengfu'}.json"
    sums = msgspec.json.decode(file.read_bytes(), type=Sums) if file.exists() else Sums()
    for number in (signal.SIGINT, signal.SIGTERM):  # in the background, Python leaves SIGINT alone
        signal.signal(number, signal.default_int_handler)
    end = time.monotonic() + options.minutes * 60
    try:
        for _ in range(0 if options.show else options.trials):
            if time.monotonic() > end:
                break
            _one_trial(folder, sums, options.kills, rival=options.rival)
            _write(file, sums)
            print(sums, flush=True)
    except KeyboardInterrupt:
        print("stopped; the next run goes on from here")
    if options.show:
        print(sums)
    return 1 if sums.faults and not options.rival else 0


def _one_trial(folder: Path, sums: Sums, kills: int, *, rival: str | None) -> None:
    seed, began = sums.next_seed, time.monotonic()
    place = folder / f"{rival or 'gengfu'}-{seed}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    trial = Trial(place.absolute(), seed, kills, pause_s=(0.6, 4.0) if rival else (0.3, 2.0))
    verdict = run_plain(trial, rival) if rival else trial.run()
    print(f"\n{verdict}", flush=True)
    sums.add(verdict, time.monotonic() - began)
    sums.next_seed += 1
    commit = _commit()
    if commit not in sums.commits:
        sums.commits.append(commit)
    if not verdict.faults or rival:
        shutil.rmtree(place)


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _write(file: Path, sums: Sums) -> None:
    part = file.with_suffix(".part")
    part.write_bytes(msgspec.json.encode(sums))
    part.replace(file)


if __name__ == "__main__":
    sys.exit(main())
