"""The house that the fault tests share; after each of them its links are whole and its sums right."""

import os
from collections.abc import Iterator

import pytest

from tests.acceptance import judge
from tests.acceptance.house import Devices, House, house

SEED = int(os.environ.get("GENGFU_SEED", "20261120"))


@pytest.fixture(scope="package")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run the house once, and no longer than for this folder: what runs idly slows other tests."""
    with house(tmp_path_factory.mktemp("house")) as whole:
        yield whole


@pytest.fixture
def devices(built: House) -> Iterator[Devices]:
    """Connect devices of the test's own; afterwards everything is accounted for (I5)."""
    print(f"seed {SEED}: repeat with GENGFU_SEED={SEED}")
    with built.devices(SEED) as mine:
        try:
            yield mine
        finally:
            built.mend()
    assert judge.wrong_sums(built.system) == []
