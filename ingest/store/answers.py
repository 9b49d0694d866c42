"""What an InfluxDB's answer to a write means. Pure; the real servers' answers are its golden cases.

1.x says 400 to a partial write and stores the rest; 2.x says 422 and stores the rest, or 400 and
stores nothing; 3 says 400 with a list. None of them says reliably which line was bad, so that has
to be found by trying.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from ingest.store.port import Refusal


class Outcome(StrEnum):
    """What became of a body of lines."""

    TAKEN = "taken"
    EXPIRED = "expired"
    """Some lines are older than the retention; the rest may be stored."""
    FAULTY = "faulty"
    """Some lines are not acceptable; the rest may be stored."""
    TOO_LARGE = "too_large"
    REFUSED = "refused"
    """Nothing is wrong with the lines: keep them and try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A server's answer, understood."""

    outcome: Outcome
    message: str = ""
    expired: int = 0
    """How many lines were older than the retention."""
    refusal: Refusal | None = None
    retry_after_s: float | None = None


MAX_RETRY_AFTER_S = 300.0
_EXPIRED = re.compile(r"(?:beyond|outside) retention policy")
_DROPPED = re.compile(r"dropped[= ](\d+)")
_BAD_LINES = re.compile(
    r"partial write|unable to parse|field type conflict|invalid (?:number|boolean|field|tag)"
    r"|out(?:side| of) (?:time )?range|max key length|missing (?:field|tag|measurement|key)"
    r"|write_errors|line protocol|error_message",
    re.IGNORECASE,
)
_REFUSALS = {
    401: Refusal.FORBIDDEN,
    403: Refusal.FORBIDDEN,
    404: Refusal.MISSING,
    408: Refusal.OVERLOADED,
    429: Refusal.OVERLOADED,
    502: Refusal.UNREACHABLE,
    503: Refusal.OVERLOADED,
    504: Refusal.OVERLOADED,
}


def read_answer(status: int, body: str, headers: Mapping[str, str], now: datetime) -> Answer:
    """Return what a server's answer to a write means; ``headers`` with lower-case names."""
    message = f"{status} {body.strip()[:500]}"
    if status in (200, 204):
        return Answer(outcome=Outcome.TAKEN)
    if status in (400, 422):
        return _read_complaint(status, body, message)
    if status == 413:
        return Answer(outcome=Outcome.TOO_LARGE, message=message)
    return Answer(
        outcome=Outcome.REFUSED,
        message=message,
        refusal=_REFUSALS.get(status, Refusal.BROKEN),
        retry_after_s=retry_after(headers.get("retry-after"), now),
    )


def _read_complaint(status: int, body: str, message: str) -> Answer:
    if _EXPIRED.search(body):
        dropped = _DROPPED.search(body)
        return Answer(
            outcome=Outcome.EXPIRED,
            message=message,
            expired=int(dropped.group(1)) if dropped else 0,
        )
    if status == 422 or _BAD_LINES.search(body):
        return Answer(outcome=Outcome.FAULTY, message=message)
    return Answer(outcome=Outcome.REFUSED, message=message, refusal=Refusal.BROKEN)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header: seconds or an HTTP date; nonsense is None, too long is cut.

    Source: RFC 9110 §10.2.3.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (zoned - now).total_seconds()
    return min(seconds, MAX_RETRY_AFTER_S) if seconds > 0 else None
