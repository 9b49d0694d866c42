"""Fields of a rule that exclude or want each other: a table, read when all fields are known."""

from collections.abc import Callable

CONTRADICTIONS: tuple[tuple[Callable[[frozenset[str]], object], str, str], ...] = (
    (
        lambda given: not given & {"when", "event", "no_data"},
        "nothing makes it on",
        "give it when, event or no_data",
    ),
    (
        lambda given: "event" in given and given & {"hold", "no_data"},
        "an event is an instant: it takes no hold and no no_data",
        "",
    ),
    (
        lambda given: "event" in given and not given & {"clear", "clear_hold"},
        "nothing makes it off",
        "give it clear or clear_hold",
    ),
    (
        lambda given: "event" not in given and "subject" in given,
        "subject goes with an event",
        "",
    ),
    (
        lambda given: "confirmed_by" in given and "event" not in given,
        "confirmed_by goes with an event",
        "give it event, or write any(…, zone) in when",
    ),
    (
        lambda given: "count" in given and not given & {"event", "when"},
        "nothing is counted",
        "give it event, or when",
    ),
    (
        lambda given: "count" in given and given & {"hold", "no_data"},
        "what is counted is an instant: it takes no hold and no no_data",
        "",
    ),
    (
        lambda given: {"count", "when"} <= given and not given & {"event", "clear", "clear_hold"},
        "nothing makes it off",
        "give it clear or clear_hold",
    ),
    (
        lambda given: {"during", "no_data"} <= given,
        "silence has no hours: what is missed at night is missed in the morning",
        "leave out during, or no_data",
    ),
    (
        lambda given: "per" in given and ("when" not in given or given & {"event", "no_data"}),
        "one alert for several goes by what they say: it takes when, and no event or no_data",
        "",
    ),
    (
        lambda given: "hold" in given and "when" not in given,
        "hold goes with when",
        "",
    ),
    (
        lambda given: {"hysteresis", "clear"} <= given,
        "hysteresis is a clear of its own",
        "leave out one of them",
    ),
    (
        lambda given: "hysteresis" in given and ("when" not in given or "event" in given),
        "hysteresis goes with when",
        "",
    ),
)
