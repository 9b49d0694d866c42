"""The golden folder: what each shape of message becomes, readable without running anything."""

import json
from pathlib import Path

import pytest

from gateway.codecs.native.message import Limits, decode
from gateway.decoded import Decoded, RawMessage
from gateway.directory import build_directory
from gengfu.core.batch import Flag
from gengfu.core.clock import from_iso, to_iso
from gengfu.core.identity import Counted
from gengfu.core.names import Names
from tests.fakes.small_estate import shipped_classes, small_estate

GOLDEN = Path(__file__).parents[2] / "golden" / "native"
RECEIVED = from_iso("2025-11-20T01:00:00Z")
CASES = sorted(folder.name for folder in GOLDEN.iterdir())


def shown(decoded: Decoded, names: Names) -> dict[str, object]:
    """Return a decoded message as the golden files write it."""
    readings = [
        {
            "identity": _identity(rows.identity),
            "rows": [
                [
                    names.points[rows.point[row]].point,
                    to_iso(rows.observed_at[row]),
                    dict(rows.texts).get(row, str(rows.value[row])),
                    _flags(rows.flags[row]),
                    *(["claims " + _time(at) for where, at in rows.claimed if where == row]),
                ]
                for row in range(len(rows))
            ],
        }
        for rows in decoded.readings
    ]
    events = [
        {
            "identity": _identity(heard.identity),
            "equipment": names.equipment[heard.event.equipment].equipment,
            "type": heard.event.type,
            "part": heard.event.part,
            "id": heard.event.id,
            "observed": to_iso(heard.event.observed_at),
            "claims": None if heard.event.claimed_at is None else _time(heard.event.claimed_at),
            "flags": _flags(heard.event.flags),
            "attributes": dict(heard.event.attributes),
        }
        for heard in decoded.events
    ]
    return {
        "received": decoded.received,
        "readings": readings,
        "events": events,
        "unknown": [[one.point, one.value, one.count] for one in decoded.unknown],
        "rejections": [[one.reason, one.items, one.detail] for one in decoded.rejections],
        "answers": list(decoded.answers),
    }


def _identity(identity: object) -> str | None:
    if identity is None:
        return None
    if isinstance(identity, Counted):
        return f"{identity.equipment} {identity.kind} {identity.boot}#{identity.seq}"
    id_ = str(getattr(identity, "id", ""))
    return "content" if id_.startswith("content:") else id_


def _flags(flags: int) -> str:
    return "|".join(flag.name or "" for flag in Flag if flag and flag & flags)


def _time(at: int) -> str:
    return to_iso(at)


@pytest.mark.parametrize("case", CASES)
def test_a_shape_changes_its_meaning(case: str) -> None:
    """Every golden payload becomes exactly the rows, events and reasons beside it."""
    folder, names = GOLDEN / case, Names()
    topic, *options = (folder / "topic").read_text(encoding="utf-8").split()
    message = RawMessage(
        topic, (folder / "payload").read_bytes(), RECEIVED, retained="retained" in options
    )
    directory = build_directory([small_estate()], shipped_classes(), names)

    got = shown(decode(message, directory, Limits()), names)

    assert got == json.loads((folder / "expected.json").read_text(encoding="utf-8"))
