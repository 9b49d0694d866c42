"""How times and spans are read from a query: ISO 8601 with zone, or numbers as in MQTT payloads."""

import re

from dashboards.web.problems import bad_request
from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND, Micros, from_iso
from gengfu.core.said import Misread, said

_SPAN = re.compile(r"(\d{1,6})(s|m|h|d)?")
_UNITS: dict[str | None, Micros] = {None: SECOND, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_LIMIT = 253_402_300_799_000
"""The last millisecond of the year 9999."""


def read_time(text: str, where: str) -> Micros:
    """Read milliseconds since 1970 UTC or ISO 8601 with a zone.

    Raises:
        Problem: 422, naming the argument.
    """
    if re.fullmatch(r"\d{1,15}", text) and int(text) <= _LIMIT:
        return int(text) * 1000
    try:
        # A plus sign of a zone arrives as a space when it was not escaped.
        return from_iso(text.replace(" ", "+") if "T" in text else text)
    except (ValueError, OverflowError) as exc:
        why = exc.said if isinstance(exc, Misread) else exc
        raise bad_request(said("{}; or milliseconds since 1970", why), where=where) from exc


def read_period(
    start: str | None, end: str | None, now: Micros, *, default: Micros
) -> tuple[Micros, Micros]:
    """Read a period [start, end); without an end it ends now.

    Raises:
        Problem: 422 when it is empty or no time.
    """
    until = read_time(end, "query.to") if end else now
    since = read_time(start, "query.from") if start else until - default
    if since >= until:
        raise bad_request(said("the period is empty: from must be before to"), where="query.from")
    return since, until


def read_span(text: str, where: str) -> Micros:
    """Read a span such as 60, 60s, 5m, 1h or 1d.

    Raises:
        Problem: 422, naming the argument.
    """
    match = _SPAN.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise bad_request(said("{!r} is no span: write 60s, 5m, 1h or 1d", text), where=where)
    return int(match[1]) * _UNITS[match[2]]
