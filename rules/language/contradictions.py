"""Fields of a rule that exclude or want each other: a table, read when all fields are known."""

from collections.abc import Callable

from gengfu.core.said import NOTHING, Said, said

CONTRADICTIONS: tuple[tuple[Callable[[frozenset[str]], object], Said, Said], ...] = (
    (
        lambda given: not given & {"when", "event", "no_data"},
        said("nothing makes it on"),
        said("give it when, event or no_data"),
    ),
    (
        lambda given: "event" in given and given & {"hold", "no_data"},
        said("an event is an instant: it takes no hold and no no_data"),
        NOTHING,
    ),
    (
        lambda given: "event" in given and not given & {"clear", "clear_hold"},
        said("nothing makes it off"),
        said("give it clear or clear_hold"),
    ),
    (
        lambda given: "event" not in given and "subject" in given,
        said("subject goes with an event"),
        NOTHING,
    ),
    (
        lambda given: "confirmed_by" in given and "event" not in given,
        said("confirmed_by goes with an event"),
        said("give it event, or write any(…, zone) in when"),
    ),
    (
        lambda given: "count" in given and not given & {"event", "when"},
        said("nothing is counted"),
        said("give it event, or when"),
    ),
    (
        lambda given: "count" in given and given & {"hold", "no_data"},
        said("what is counted is an instant: it takes no hold and no no_data"),
        NOTHING,
    ),
    (
        lambda given: (
            {"count", "when"} <= given
            and not given & {"event", "clear", "clear_hold", "hysteresis"}
        ),
        said("nothing makes it off"),
        said("give it clear or clear_hold"),
    ),
    (
        lambda given: {"during", "no_data"} <= given,
        said("silence has no hours: what is missed at night is missed in the morning"),
        said("leave out during, or no_data"),
    ),
    (
        lambda given: "per" in given and ("when" not in given or given & {"event", "no_data"}),
        said("one alert for several goes by what they say: it takes when, and no event or no_data"),
        NOTHING,
    ),
    (
        lambda given: "hold" in given and "when" not in given,
        said("hold goes with when"),
        NOTHING,
    ),
    (
        lambda given: {"hysteresis", "clear"} <= given,
        said("hysteresis is a clear of its own"),
        said("leave out one of them"),
    ),
    (
        lambda given: "hysteresis" in given and ("when" not in given or "event" in given),
        said("hysteresis goes with when"),
        NOTHING,
    ),
)
