"""Operating states and their intervals: the base of availability."""

from dataclasses import dataclass
from enum import StrEnum

from gengfu.core.clock import Micros


class OperatingState(StrEnum):
    """What an equipment is doing, as far as is known."""

    RUNNING = "running"
    STANDBY = "standby"
    FAULT = "fault"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"
    """No data, or its parent is silent: neither up nor down."""


@dataclass(frozen=True, slots=True)
class StateInterval:
    """One equipment's state from ``start`` until before ``end`` (µs); ``end`` None = still so."""

    equipment: str
    state: OperatingState
    start: Micros
    end: Micros | None = None
