"""What pydantic says of a value that does not fit, so that it can be said in another language too."""

from collections.abc import Callable, Mapping
from typing import Any

from gengfu.core.said import Misread, Said, said

_KNOWN: Mapping[str, Callable[[Mapping[str, Any]], Said]] = {
    "missing": lambda _: said("is missing"),
    "int_parsing": lambda _: said("is no whole number"),
    "int_from_float": lambda _: said("is no whole number"),
    "float_parsing": lambda _: said("is no number"),
    "bool_parsing": lambda _: said("is neither true nor false"),
    "string_type": lambda _: said("is no text"),
    "string_too_short": lambda found: said("is shorter than {} characters", found["min_length"]),
    "string_too_long": lambda found: said("is longer than {} characters", found["max_length"]),
    "literal_error": lambda found: said("is none of {}", _listed(found["expected"])),
    "enum": lambda found: said("is none of {}", _listed(found["expected"])),
    "less_than_equal": lambda found: said("is more than {}", found["le"]),
    "greater_than_equal": lambda found: said("is less than {}", found["ge"]),
    "greater_than": lambda found: said("is not more than {}", found["gt"]),
    "json_invalid": lambda _: said("is no JSON"),
}
"""What is wrong by pydantic's kinds of errors, the frequent ones."""


def in_words(error: Mapping[str, Any], *, unknown: Said) -> str:
    """Return one of pydantic's errors as a sentence of ours where it is a known one.

    ``unknown`` says what a name is that nothing has.
    """
    if error["type"] == "extra_forbidden":
        return unknown
    found = error.get("ctx", {})
    ours = found.get("error")
    if isinstance(ours, Misread):
        return ours.said
    known = _KNOWN.get(error["type"])
    return str(error["msg"]) if known is None else known(found)


def _listed(expected: str) -> str:
    """Return pydantic's ``'a', 'b' or 'c'`` without its English."""
    return expected.replace("' or '", "', '")
