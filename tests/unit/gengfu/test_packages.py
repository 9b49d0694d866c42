"""Our top-level names are generic; nothing else in the environment may own one."""

from importlib.metadata import packages_distributions

import pytest

OURS = ("gengfu", "gateway", "ingest", "rules", "alerts", "dashboards", "simulators")


@pytest.mark.parametrize("name", OURS)
def test_no_other_distribution_owns_our_name(name: str) -> None:
    """A package of that name from elsewhere (such as PyPI's ``rules``) would shadow ours."""
    assert [owner for owner in packages_distributions().get(name, []) if owner != "gengfu"] == []
