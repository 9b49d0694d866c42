"""Poison by the thousand: messages of which each is known why it must end in quarantine.

Made by Hypothesis from a seed, and the kept ones of ``tests/golden/poison/<topic kind>/<reason>/``.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.acceptance.house import SITE
from tests.acceptance.system import ROOT

CORPUS = ROOT / "tests" / "golden" / "poison"
PREVIEW = 512
"""So many bytes of a payload are shown."""


@dataclass(frozen=True, slots=True)
class Poison:
    """A message and the reason for which it is rejected, as one item."""

    topic: str
    payload: bytes
    reason: str

    def shown(self) -> tuple[str, str, str]:
        """Return what the list of dead letters must show of it."""
        return self.topic, self.reason, self.payload[:PREVIEW].decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class _Victims:
    panel: str
    pump: str
    dice: random.Random

    def topic(self, kind: str) -> str:
        device = self.panel if kind == "event" else self.pump
        return f"gf/{SITE}/{device}/up/{kind}"


def kept(panel: str, pump: str) -> list[Poison]:
    """Return the kept corpus, addressed to a panel's events and a pump's telemetry."""
    victims = _Victims(panel, pump, random.Random(0))
    return [
        Poison(victims.topic(file.parts[-3]), file.read_bytes(), file.parts[-2])
        for file in sorted(CORPUS.glob("*/*/*.bin"))
    ]


def made(seed_: int, count: int, panel: str, pump: str) -> list[Poison]:
    """Return so many poisons as Hypothesis makes them: what is drawn also seeks the odd borders."""
    found: list[Poison] = []
    poisons = st.builds(
        lambda maker, dice: maker(_Victims(panel, pump, dice)),
        st.sampled_from(_MAKERS),
        st.randoms(),
    )

    @seed(seed_)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(poisons)
    def collect(poison: Poison) -> None:
        found.append(poison)

    collect()
    return found


def _sound(of: _Victims, kind: str) -> bytes:
    """Return a sound message, to be spoilt."""
    number = of.dice.randrange(10**9)
    event = {"type": "fire", "id": f"p-{number}", "part": f"p-{number}", "ts": number}
    readings = {"ts": number, "points": {"pressure_out": of.dice.random(), "starts": number}}
    return json.dumps(event if kind == "event" else readings).encode()


def _kind(of: _Victims) -> str:
    return of.dice.choice(("event", "telemetry", "vital"))


def _truncated(of: _Victims) -> Poison:
    kind = _kind(of)
    whole = _sound(of, kind)
    cut = whole[: of.dice.randrange(1, len(whole))]
    return Poison(of.topic(kind), cut, "malformed_json")


def _random_bytes(of: _Victims) -> Poison:
    """Bytes of any kind, behind one that begins no UTF-8 text (protobuf, gzip, encrypted)."""
    noise = b"\xff" + of.dice.randbytes(of.dice.randrange(1, 400))
    return Poison(of.topic(_kind(of)), noise, "not_utf8")


def _spoilt_text(of: _Victims) -> Poison:
    kind = _kind(of)
    at = of.dice.randrange(3, 6)  # inside the first key
    whole = _sound(of, kind)
    return Poison(of.topic(kind), whole[:at] + b"\xc3\x28" + whole[at:], "not_utf8")


def _deep(of: _Victims) -> Poison:
    opening = of.dice.choice((b"[", b'{"a":', b'[{"":'))
    deep = opening * of.dice.randrange(2000, 20_000)
    return Poison(of.topic(_kind(of)), deep, "malformed_json")


def _no_object(of: _Victims) -> Poison:
    kind = _kind(of)
    values: tuple[object, ...] = (of.dice.random(), of.dice.randrange(10**6), True, None, "text")
    value = of.dice.choice(values)
    return Poison(of.topic(kind), json.dumps(value).encode(), "wrong_shape")


def _no_number(of: _Victims) -> Poison:
    text = of.dice.choice(("NaN", "Infinity", "-Infinity", f"1e{of.dice.randrange(309, 5000)}"))
    payload = f'{{"points": {{"pressure_out": {text}}}}}'.encode()
    return Poison(of.topic("telemetry"), payload, "not_finite")


def _wrong_type(of: _Victims) -> Poison:
    values: tuple[object, ...] = ("1.5", True, [1], {}, "x" * of.dice.randrange(1, 900))
    value = of.dice.choice(values)
    payload = json.dumps({"points": {"pressure_out": value}}).encode()
    return Poison(of.topic("telemetry"), payload, "wrong_type")


def _unknown_word(of: _Victims) -> Poison:
    payload = json.dumps({"mode": f"word-{of.dice.randrange(10**6)}"}).encode()
    return Poison(of.topic("telemetry"), payload, "unknown_word")


def _huge(of: _Victims) -> Poison:
    payload = b'{"starts": %s}' % (b"9" * of.dice.randrange(30, 3000))
    return Poison(of.topic("telemetry"), payload, "out_of_range")


def _stranger(of: _Victims) -> Poison:
    topic = f"gf/{SITE}/stranger-{of.dice.randrange(10**9)}/up/event"
    return Poison(topic, _sound(of, "event"), "unknown_device")


def _wrong_site(of: _Victims) -> Poison:
    return Poison(f"gf/other/{of.pump}/up/telemetry", _sound(of, "telemetry"), "wrong_site")


def _odd_topic(of: _Victims) -> Poison:
    letters = "ABC .,;=%~äöü火$'\"\\"
    name = "".join(of.dice.choices(letters, k=of.dice.randrange(1, 60)))
    return Poison(f"gf/{SITE}/{name}/up/event", _sound(of, "event"), "bad_topic")


def _another_name(of: _Victims) -> Poison:
    payload = json.dumps({"equipment": f"x{of.dice.randrange(10**6)}", "type": "fire"}).encode()
    return Poison(of.topic(_kind(of)), payload, "identity_mismatch")


def _oversize(of: _Victims) -> Poison:
    payload = b'{"type":"fire","part":"' + b"x" * (256 * 1024) + b'"}'
    return Poison(of.topic("event"), payload, "oversize")


_MAKERS: tuple[Callable[[_Victims], Poison], ...] = (
    *(_truncated, _random_bytes, _spoilt_text, _no_object, _no_number, _wrong_type) * 5,
    *(_unknown_word, _huge, _stranger, _wrong_site, _odd_topic, _another_name) * 5,
    _deep,
    _deep,
    _oversize,
)
