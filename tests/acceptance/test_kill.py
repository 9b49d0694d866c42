"""Nothing is lost: broker, core and desk are killed under load, and an outsider finds all whole."""

import os
from pathlib import Path

import pytest

from tests.acceptance.trial import Trial
from tests.conftest import Figure

SEEDS = [int(seed) for seed in os.environ.get("GENGFU_SEEDS", "20261120 7").split()]
KILLS = 30


@pytest.mark.parametrize("seed", SEEDS)
def test_no_kill_loses_or_doubles_anything(tmp_path: Path, seed: int, figure: Figure) -> None:
    """P1, P3, F1: thirty ``kill -9`` of broker, core and desk under load, for each seed.

    I1–I9 hold from outside. Run other seeds with ``GENGFU_SEEDS="1 2 3"``.
    """
    verdict = Trial(tmp_path, seed, KILLS, pause_s=(0.3, 1.6)).run()
    figure(str(verdict))
    assert sum(verdict.kills.values()) == KILLS
    assert not verdict.faults, "\n".join([str(verdict), *verdict.faults])
