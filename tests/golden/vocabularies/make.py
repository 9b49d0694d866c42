"""Write the names that Brick and Project Haystack define beside this file, from their own sources.

``python tests/golden/vocabularies/make.py BRICK_TTL HAYSTACK_DEFS``: the released ``Brick.ttl`` and the
checked-out folder ``haystack-defs``. Names alone are kept, and only those that can stand in a class
file: Brick's equipment, Haystack's plain markers.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import fill

HERE = Path(__file__).parent
_BRICK_CLASS = re.compile(r"^brick:(\w+) a [^;]*owl:Class(.*?)\n\n", re.MULTILINE | re.DOTALL)
_BRICK_ABOVE = re.compile(r"rdfs:subClassOf ([^;.]+)")
_HAYSTACK_DEF = re.compile(r"^def: *\^([a-zA-Z0-9]+)\n(.*?)^-{3,}", re.MULTILINE | re.DOTALL)
_HAYSTACK_IS = re.compile(r"^is: *(.*)$", re.MULTILINE)


def brick_equipment(ttl: str) -> set[str]:
    """Return the classes below Equipment that are in force."""
    above = {
        name: re.findall(r"brick:(\w+)", " ".join(_BRICK_ABOVE.findall(body)))
        for name, body in _BRICK_CLASS.findall(ttl)
        if "owl:deprecated true" not in body
    }
    return _below("Equipment", above)


def haystack_markers(trio: str) -> set[str]:
    """Return the defs that are markers: neither values, nor conjuncts such as ``hot-water``."""
    above = {
        name: re.findall(r"\^([\w-]+)", " ".join(_HAYSTACK_IS.findall(body)))
        for name, body in _HAYSTACK_DEF.findall(trio)
    }
    return _below("marker", above)


def _below(root: str, above: Mapping[str, Iterable[str]]) -> set[str]:
    found = {root}
    while new := {name for name, over in above.items() if not found.isdisjoint(over)} - found:
        found |= new
    return found


def _keep(file: str, title: str, names: set[str]) -> None:
    words = fill(" ".join(sorted(names)), 100, break_on_hyphens=False, break_long_words=False)
    (HERE / file).write_text(f"# {title}\n{words}\n")


if __name__ == "__main__":
    ttl, defs = (Path(argument) for argument in sys.argv[1:3])
    trio = "\n---\n".join(one.read_text() for one in sorted(defs.rglob("*.trio"))) + "\n---\n"
    _keep("brick.txt", "Brick 1.4.4: Equipment and below", brick_equipment(ttl.read_text()))
    _keep("haystack.txt", "Project Haystack 4.0.0: markers", haystack_markers(trio))
