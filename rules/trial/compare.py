"""Says how the alerts that opened differ from those expected: what is missing, other, or too much."""

from collections.abc import Iterator, Mapping, Sequence

from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros
from gengfu.core.naming import Bilingual, Language, Scalar
from rules.episodes import Episode
from rules.language.rule import Rule
from rules.trial.case import Case, Expected


def differences(case: Case, found: Sequence[Episode], rules: Mapping[str, Rule]) -> tuple[str, ...]:
    """Return a line for every difference; none = the test passes.

    Alerts of one rule and subject are compared in the order of their opening. ``rules`` by their ids.
    """
    lines: list[str] = []
    left = list(found)
    for expected in case.alerts:
        wanted = expected.rule, expected.subject
        candidates = [one for one in left if one.key == wanted]
        if not candidates:
            lines.append(f"line {expected.place}: missing  {_expected(expected)}")
            lines.extend(_unseen(case, expected, rules[expected.rule]))
            continue
        same = [one for one in candidates if one.opened - case.begins == expected.opened]
        one = (same or candidates)[0]
        left.remove(one)
        lines.extend(f"line {expected.place}: {other}" for other in _others(case, expected, one))
    lines.extend(f"extra    {_found(case, one)}" for one in left)
    return tuple(lines)


def _unseen(case: Case, expected: Expected, rule: Rule) -> Iterator[str]:
    """Say it when the rule cannot have opened the alert, because it never looks there."""
    for one in case.equipment:
        if one.id == expected.subject.equipment and not rule.is_for(one):
            yield f"         {rule.id} does not look at {one.id}: compare its for and where"


def _others(case: Case, expected: Expected, found: Episode) -> Iterator[str]:
    """Yield what is other than expected."""
    head = f"{found.rule} on {found.subject}"
    if found.opened - case.begins != expected.opened:
        yield _other(f"{head} opened", span(expected.opened), span(found.opened - case.begins))
    cleared = found.cleared - case.begins if found.cleared is not None else None
    if cleared != expected.cleared:
        yield _other(f"{head} cleared", _end(expected.cleared), _end(cleared))
    if expected.since is not None and found.since - case.begins != expected.since:
        yield _other(f"{head} since", span(expected.since), span(found.since - case.begins))
    if expected.occurrences not in {None, found.occurrences}:
        yield _other(f"{head} occurrences", str(expected.occurrences), str(found.occurrences))
    if expected.severity not in {"", found.severity}:
        yield _other(f"{head} severity", expected.severity, found.severity)
    for language, text in expected.title.items():
        if found.title.of(language) != text:
            yield _other(f"{head} title", f"{language} {text!r}", repr(_of(found.title, language)))
    for name, value in expected.values.items():
        if not _same(found.values.get(name), value):
            yield _other(f"{head} value {name}", _shown(value), _shown(found.values.get(name)))


def _of(text: Bilingual, language: Language) -> str:
    return text.of(language)


def _other(what: str, expected: str, found: str) -> str:
    return f"differs  {what}: expected {expected}, found {found}"


def _same(found: Scalar, expected: Scalar) -> bool:
    if isinstance(found, int | float) and isinstance(expected, int | float):
        return abs(found - expected) <= 1e-6 * max(1.0, abs(expected))
    return found == expected


def _expected(one: Expected) -> str:
    return f"{one.rule} on {one.subject}, opened {span(one.opened)}, cleared {_end(one.cleared)}"


def _found(case: Case, one: Episode) -> str:
    end = None if one.cleared is None else one.cleared - case.begins
    opened = span(one.opened - case.begins)
    return f"{one.rule} on {one.subject}, opened {opened}, cleared {_end(end)}: {one.title.en}"


def _end(at: Micros | None) -> str:
    return "not at all" if at is None else span(at)


def _shown(value: Scalar) -> str:
    return "unknown" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def span(at: Micros) -> str:
    """Return a duration as people write it: 90s, 4h, 1h5m."""
    hours, rest = divmod(at, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else ""]
    if rest or not (hours or minutes):
        parts.append(f"{rest / SECOND:g}s")
    return "".join(parts)
