"""The words for how a load's messages are written.

A file of its own: the command line shows them without loading what sends the load.
"""

from enum import StrEnum


class Shape(StrEnum):
    """How a message is written (docs/devices.md)."""

    OBJECT = "object"
    """One moment."""
    ARRAY = "array"
    """Ten moments, each an object."""
    COLUMNS = "columns"
    """Ten moments, each point a column."""
    EVENT = "event"
