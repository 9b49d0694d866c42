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


class Response(StrEnum):
    """How soon somebody has to take an alert and to be there (响应等级): which stage clocks it runs on.

    How long each takes is set by the installation (``responses``), from its contracts.
    """

    IMMEDIATE = "immediate"
    """Someone there in three minutes: a fire, a cry for help."""
    RESCUE = "rescue"
    """Someone there in half an hour: an entrapment's contractor."""
    URGENT = "urgent"
    """Someone there in ten minutes, as service contracts ask."""
    PROMPT = "prompt"
    """Looked at within minutes, by camera or on foot: no walk is asked for."""
    ORDINARY = "ordinary"
    """Someone there in half an hour, taken in less haste."""
    PLANNED = "planned"
    """Taken note of; when to go is planned."""


def usual_response(kind: Kind, priority: int, *, latched: bool) -> Response:
    """Return the response class of what names none: what only someone on site ends asks for a walk."""
    if kind is Kind.LIFE_SAFETY:
        return Response.IMMEDIATE if priority == 1 else Response.RESCUE
    if kind is Kind.SECURITY:
        return Response.URGENT if latched else Response.PROMPT
    return Response.ORDINARY if latched else Response.PLANNED
