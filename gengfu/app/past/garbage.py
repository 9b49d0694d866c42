"""Python's search for reference cycles, where millions of objects are made and none is in a cycle."""

import gc


def search_seldom() -> None:
    """Have cycles searched for seldom: that took more than a quarter of a past's processor time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(500_000, 20, 50)
