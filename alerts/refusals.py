"""The errors that leave this package: who asked for what cannot be had, and why."""

from enum import StrEnum

from alerts.lifecycle import Refusal
from alerts.model import Alert
from gengfu.core.errors import GengfuError


class ReportRefusal(StrEnum):
    """Why a person's report was not taken."""

    NO_TEXT = "no_text"
    NO_PLACE = "no_place"
    """Neither equipment nor place."""
    UNKNOWN_SITE = "unknown_site"
    UNKNOWN_EQUIPMENT = "unknown_equipment"
    UNKNOWN_PLACE = "unknown_place"
    BAD_PRIORITY = "bad_priority"
    KEY_REUSED = "key_reused"


class IllegalStep(GengfuError):
    """A step that cannot be taken from where the alert stands; nothing changed."""

    def __init__(self, reason: Refusal, current: Alert) -> None:
        super().__init__(f"alert {current.id} is {current.handling}: {reason}")
        self.reason = reason
        self.current = current


class UnknownAlert(GengfuError):
    """There is no such alert."""

    def __init__(self, alert_id: str) -> None:
        super().__init__(f"there is no alert {alert_id!r}")
        self.alert_id = alert_id


class RefusedReport(GengfuError):
    """A report that cannot become an alert."""

    def __init__(self, reason: ReportRefusal) -> None:
        super().__init__(f"the report was not taken: {reason}")
        self.reason = reason
