"""How the words of the data model are said to people. Texts are marked here, translated when shown."""

from collections.abc import Mapping

from alerts.clocks import Due
from alerts.lifecycle import Refusal
from alerts.model import Entry, FindingVerdict, Handling, Step, What
from dashboards.web.words import marked
from gengfu.core.record import RejectReason
from gengfu.core.states import OperatingState
from gengfu.core.urgency import Kind, Response, Severity
from gengfu.ledger.model import Cause
from gengfu.people.roles import Role
from rules.late.hindsight import Changed
from rules.linkage.run import RunKind, Stage

SEVERITY: Mapping[Severity, str] = {
    Severity.CRITICAL: marked("Critical"),
    Severity.HIGH: marked("High"),
    Severity.MEDIUM: marked("Medium"),
    Severity.LOW: marked("Low"),
}
KIND: Mapping[Kind, str] = {
    Kind.LIFE_SAFETY: marked("Life safety"),
    Kind.SECURITY: marked("Security"),
    Kind.MAINTENANCE: marked("Maintenance"),
    Kind.SYSTEM: marked("System"),
}
RESPONSE: Mapping[Response, str] = {
    Response.IMMEDIATE: marked("Immediate response"),
    Response.RESCUE: marked("Rescue response"),
    Response.URGENT: marked("Urgent response"),
    Response.PROMPT: marked("Look at once"),
    Response.ORDINARY: marked("Ordinary response"),
    Response.PLANNED: marked("As planned"),
}
"""How soon somebody has to be there; the times are the installation's."""
HANDLING: Mapping[Handling, str] = {
    Handling.NEW: marked("Nobody has it yet"),
    Handling.NOTIFIED: marked("Guards notified"),
    Handling.RECEIVED: marked("Received"),
    Handling.ACKNOWLEDGED: marked("Taken"),
    Handling.EN_ROUTE: marked("On the way"),
    Handling.ARRIVED: marked("On site"),
    Handling.VERIFIED: marked("Verified"),
    Handling.CLOSED: marked("Closed"),
}
STEP: Mapping[Step, str] = {
    Step.RECEIVE: marked("Receive"),
    Step.ACKNOWLEDGE: marked("I take it"),
    Step.EN_ROUTE: marked("I am on my way"),
    Step.ARRIVE: marked("I am there"),
    Step.VERDICT: marked("What was it?"),
    Step.RESET: marked("It has been reset"),
    Step.CLOSE: marked("Close the alert"),
    Step.COMMENT: marked("Add a note"),
    Step.ASSIGN: marked("Hand over"),
    Step.SHELVE: marked("Shelve"),
    Step.UNSHELVE: marked("Unshelve"),
}
STEP_ICON: Mapping[Step, str] = {
    Step.RECEIVE: "check",
    Step.ACKNOWLEDGE: "hand",
    Step.EN_ROUTE: "go",
    Step.ARRIVE: "here",
    Step.VERDICT: "check",
    Step.RESET: "reset",
    Step.CLOSE: "check",
}
VERDICT: Mapping[FindingVerdict, str] = {
    FindingVerdict.REAL: marked("Real"),
    FindingVerdict.FAULT: marked("Real, a fault"),
    FindingVerdict.FALSE: marked("False alarm"),
    FindingVerdict.TEST: marked("Test"),
    FindingVerdict.MISUSE: marked("Pressed by mistake"),
    FindingVerdict.NOTHING_FOUND: marked("Nothing found"),
    FindingVerdict.RESTORED_ITSELF: marked("Restored by itself"),
}
STATE: Mapping[OperatingState, str] = {
    OperatingState.RUNNING: marked("Running"),
    OperatingState.STANDBY: marked("Standby"),
    OperatingState.FAULT: marked("Fault"),
    OperatingState.MAINTENANCE: marked("Under maintenance"),
    OperatingState.UNKNOWN: marked("No data"),
}
TIMELINE: Mapping[str, str] = {
    What.OPENED: marked("Alert opened"),
    What.OCCURRED: marked("Happened again"),
    What.CHANGED: marked("Other equipment is concerned"),
    What.CLEARED: marked("Condition is over"),
    What.RETURNED: marked("Condition is back"),
    What.NOTIFIED: marked("Guards notified"),
    What.TIMER: marked("Clock ran out"),
    What.CLOSED: marked("Closed by its rule"),
    What.LATE: marked("Late data say so"),
    What.GAVE_UP: marked("A notification could not be delivered"),
    Step.RECEIVE: marked("Received"),
    Step.ACKNOWLEDGE: marked("Taken"),
    Step.EN_ROUTE: marked("On the way"),
    Step.ARRIVE: marked("On site"),
    Step.VERDICT: marked("Verdict"),
    Step.RESET: marked("Reset on site"),
    Step.CLOSE: marked("Closed"),
    Step.COMMENT: marked("Note"),
    Step.ASSIGN: marked("Handed over"),
    Step.SHELVE: marked("Shelved"),
    Step.UNSHELVE: marked("Unshelved"),
}

CLOCK: Mapping[str, str] = {
    Due.UNACKNOWLEDGED: marked("Reminded: nobody has taken it"),
    Due.NOT_ARRIVED: marked("Reminded: nobody is on site yet"),
    Due.SHELF_ENDS: marked("Shelving ended"),
}
"""What a clock that ran out means in a timeline."""


def line(entry: Entry) -> str:
    """Return what a timeline's line says: of a clock that ran out, which one."""
    clock = entry.attributes.get("clock") if entry.what == What.TIMER else None
    return CLOCK.get(str(clock)) or TIMELINE.get(entry.what, entry.what)


LATE: Mapping[Changed, str] = {
    Changed.WOULD_HAVE_FIRED: marked("Late data: this would have been an alert."),
    Changed.WOULD_NOT_HAVE_FIRED: marked("Late data: this would have been no alert."),
    Changed.WOULD_HAVE_CLEARED: marked("Late data: this alert would have ended sooner."),
}
DUE: Mapping[str, str] = {
    Due.UNACKNOWLEDGED: marked("someone must take it within %(left)s"),
    Due.NOT_ARRIVED: marked("someone must be there within %(left)s"),
    Due.SHELF_ENDS: marked("shelved for another %(left)s"),
}
OVERDUE: Mapping[str, str] = {
    Due.UNACKNOWLEDGED: marked("nobody took it in time, next reminder in %(left)s"),
    Due.NOT_ARRIVED: marked("nobody there in time, next reminder in %(left)s"),
}
"""The same clocks once they have run out: what runs then is the way to the next reminder."""
CAUSE: Mapping[Cause, str] = {
    Cause.CONFIRMED_FIRE: marked("Confirmed fire"),
    Cause.WATER: marked("Water switch"),
    Cause.GAS: marked("Gas alarm"),
}
RUN_KIND: Mapping[RunKind, str] = {
    RunKind.REAL: marked("in earnest"),
    RunKind.DRILL: marked("drill"),
}
STAGE: Mapping[Stage, str] = {
    Stage.WAITING: marked("still has time"),
    Stage.ALREADY: marked("already so before, action not proved"),
    Stage.MET: marked("in time"),
    Stage.LATE: marked("too late"),
    Stage.MISSING: marked("no response"),
    Stage.UNKNOWN: marked("response unknown"),
}
SIGNED_OUT = "signed_out"
REFUSAL: Mapping[str, str] = {
    SIGNED_OUT: marked("Not sent: you had been signed out. Press again."),
    Refusal.ILLEGAL_STEP: marked("Someone was faster: this is how the alert stands now."),
    Refusal.NEEDS_PERSON_ON_SITE: marked("Only someone on site can do that."),
    Refusal.NEEDS_VERDICT: marked("Say first what it was."),
    Refusal.NEEDS_RESET: marked("It has to be reset on site first."),
    Refusal.NEVER_SHELVED: marked("This alert can never be shelved."),
    Refusal.NOT_SHELVED: marked("The alert is not shelved."),
    Refusal.NEEDS_TEXT: marked("Write a few words first."),
    Refusal.NEEDS_ASSIGNEE: marked("Choose to whom."),
    Refusal.BAD_END: marked("The shelving must end within the longest time that is set."),
    Refusal.KEY_REUSED: marked("This was sent already."),
}
REFUSAL_OTHER = marked("That step does not fit the alert as it is now.")
ROLE: Mapping[Role, str] = {
    Role.GUARD: marked("Guard on duty"),
    Role.ENGINEER: marked("Engineer"),
    Role.MANAGER: marked("Manager"),
    Role.ADMIN: marked("Administrator"),
    Role.AUDITOR: marked("Auditor"),
}
DIAL: Mapping[str, str] = {
    "fire_brigade": marked("Fire brigade"),
    "contractor": marked("Contractor"),
    "intercom": marked("Car intercom"),
    "leader": marked("Shift leader"),
}
DIAL_OTHER = marked("Call")
PERIOD: Mapping[str, str] = {
    "1h": marked("1 hour"),
    "6h": marked("6 hours"),
    "24h": marked("24 hours"),
    "7d": marked("7 days"),
}
PROBLEM: Mapping[int, str] = {
    403: marked("Your role may not do this"),
    404: marked("There is no such page"),
    409: marked("That step does not fit the alert as it is now."),
    422: marked("Something in the request is not right"),
    503: marked("A part of the service does not answer right now"),
    507: marked("The disk is full: nothing was saved. Have room made, then try again."),
}
PROBLEM_OTHER = marked("Something went wrong")
REJECTED: Mapping[RejectReason, str] = {
    RejectReason.BAD_TOPIC: marked("The topic is not one of ours"),
    RejectReason.UNKNOWN_DEVICE: marked("The ledger does not have this equipment"),
    RejectReason.WRONG_SITE: marked("The equipment belongs to another site"),
    RejectReason.IDENTITY_MISMATCH: marked("It names another device than its topic does"),
    RejectReason.OVERSIZE: marked("The message is too large"),
    RejectReason.NOT_UTF8: marked("It is not UTF-8"),
    RejectReason.MALFORMED_JSON: marked("It is not JSON"),
    RejectReason.WRONG_SHAPE: marked("It is not built as agreed"),
    RejectReason.WRONG_TYPE: marked("The value is of another kind"),
    RejectReason.NOT_FINITE: marked("The value is no finite number"),
    RejectReason.OUT_OF_RANGE: marked("The value is outside what is possible"),
    RejectReason.UNKNOWN_WORD: marked("The word is not known"),
    RejectReason.CRASHED_DECODER: marked(
        "Gengfu could not read it: a fault of ours, please report it"
    ),
    RejectReason.KILLED_CORE: marked("It was set aside after it ended Gengfu three times"),
}
