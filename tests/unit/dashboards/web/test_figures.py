"""How figures are written where a guard reads them."""

import pytest

from dashboards.web.figures import whole


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("确认火警：1-124、1-123", "确认火警：1-+124、1-+123"),
        ("首警：01-02-017（感烟）", "首警：01-+02-+017（感烟）"),
        ("-5 °C, 3 - 4, b-2", "-5 °C, 3 - 4, b-2"),
    ],
)
def test_address_broken_at_its_hyphen(title: str, shown: str) -> None:
    """A word joiner (+ here) keeps an address on one line; signs and names are as before."""
    assert whole(title) == shown.replace("+", "\u2060")
