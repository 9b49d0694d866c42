"""As much of JSON Schema as ours uses: why a document does not fit."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": Mapping,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}
KNOWN = {
    *("$schema", "title", "description", "type", "enum", "pattern", "minimum", "maximum"),
    *(
        "exclusiveMinimum",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "minItems",
        "anyOf",
    ),
}


def misfits(value: Any, schema: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """Yield each place where a document does not fit, and why."""
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    types = schema.get("type", list(_TYPES))
    wanted = [types] if isinstance(types, str) else types
    if not any(isinstance(value, _TYPES[one]) for one in wanted):
        yield f"{where} is no {' or '.join(wanted)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} is none of {schema['enum']}"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{where} does not look like {schema['pattern']}"
    if isinstance(value, int | float) and not (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
    ):
        yield f"{where} is out of range"
    choices = schema.get("anyOf", [])
    if choices and all(any(misfits(value, one, where)) for one in choices):
        yield f"{where} is none of {len(choices)} forms"
    if isinstance(value, Mapping):
        yield from _of_object(value, schema, where)
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"{where} is too short"
        for number, one in enumerate(value):
            yield from misfits(one, schema.get("items", {}), f"{where}[{number}]")


def _of_object(value: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> Iterator[str]:
    names: Sequence[str] = schema.get("required", [])
    yield from (f"{where} lacks {name}" for name in names if name not in value)
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name, one in value.items():
        if name in properties:
            yield from misfits(one, properties[name], f"{where}.{name}")
        elif others is False:
            yield f"{where} has {name}"
        elif others is not True:
            yield from misfits(one, others, f"{where}.{name}")
