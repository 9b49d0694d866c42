"""How urgent something is, and to whom. Rules say it, alerts carry it, pages show it."""

from enum import StrEnum


class Kind(StrEnum):
    """What an alert is about; it decides who is sent and what may be done to it."""

    LIFE_SAFETY = "life_safety"
    SECURITY = "security"
    MAINTENANCE = "maintenance"
    SYSTEM = "system"


class Severity(StrEnum):
    """How grave, as pages and sounds tell it apart."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
