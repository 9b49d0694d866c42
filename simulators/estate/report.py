"""What a device sends of what its model says: by exception, and everything now and then.

Points that life depends on go by ``up/vital`` at every change; the rest by ``up/telemetry`` when it
changed by more than its sensor's noise (analog values and counters not oftener than ``least_gap``),
and in full every ``full_every``, so that silence means something.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from gengfu.core.batch import TopicKind
from gengfu.core.clock import MINUTE, SECOND, SILENT_REAL, Micros
from gengfu.core.names import PointKind
from gengfu.core.naming import Scalar
from gengfu.ledger.model import EquipmentClass, PointDef
from simulators.device import Happening, Presence, Said, Sample

NOISE_DIGITS, NOISE_SHARE = 5, 0.02
"""By how many of its last digits, and by what share of itself, an analog point must change to be news."""

_GRADUAL = frozenset({PointKind.ANALOG, PointKind.INTEGER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing that one device sends: readings, an event, or whether it is on line."""

    equipment: str
    kind: TopicKind
    at: Micros
    points: Mapping[str, Scalar] = field(default_factory=dict)
    happening: Happening | None = None
    online: bool | None = None
    lost: bool = False
    """It was sent, and counted by its device, but does not arrive."""
    again: bool = False
    """Nothing new: whoever recorded what the device sent last publishes it once more."""
    forged: bool = False
    """Not from the device: somebody else says it under its name, counting for himself."""


def recorded(equipment: str, at: Micros) -> Message:
    """Return the message that stands for everything an equipment sent last, published again."""
    return Message(equipment=equipment, kind=TopicKind.TELEMETRY, at=at, again=True)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a device may and must speak, in the time of its own clock."""

    least_gap: Micros = 2 * SECOND
    full_every: Micros = MINUTE
    life_every: Micros = MINUTE
    """At least so often it says anything at all."""


def pace_of(definition: EquipmentClass, rate: float) -> Pace:
    """Return how often to report when time runs ``rate`` times as fast.

    A device speaks four times before its class counts as silent, and that takes a few real seconds at
    least (``SILENT_REAL``); gradual changes come at most eight times in a real second, and full reports
    at most every two and a half.
    """
    life = max(min(definition.silent_after // 4, 20 * MINUTE), round(rate * SILENT_REAL / 4))
    full = max(min(definition.silent_after // 3, 20 * MINUTE), round(rate * SECOND * 2.5))
    return Pace(
        least_gap=max(2 * SECOND, round(rate * SECOND / 8)), full_every=full, life_every=life
    )


@dataclass(slots=True)
class Reporter:
    """Remembers what one equipment sent last."""

    definition: EquipmentClass
    pace: Pace = field(default_factory=Pace)
    _vital: dict[str, Scalar] = field(default_factory=dict)
    _sent: dict[str, Scalar] = field(default_factory=dict)
    _full_at: Micros | None = None
    _sent_at: Micros = 0
    _spoke_at: Micros = 0
    _held_back: Sample | None = None
    _senses: Mapping[str, "_Sense"] = field(init=False)

    def __post_init__(self) -> None:
        self._senses = {name: _Sense.of(one) for name, one in self.definition.points.items()}

    @property
    def holds_back(self) -> bool:
        """Tell whether something waits for the gap to pass."""
        return self._held_back is not None

    def report(self, said: Said) -> Iterator[Message]:
        """Yield the messages that something said is worth."""
        yield from self.catch_up(said.at)
        match said:
            case Happening():
                yield Message(
                    equipment=said.equipment, kind=TopicKind.EVENT, at=said.at, happening=said
                )
            case Presence():
                yield Message(
                    equipment=said.equipment, kind=TopicKind.STATUS, at=said.at, online=said.online
                )
            case Sample():
                yield from self._readings(said)

    def catch_up(self, now: Micros) -> Iterator[Message]:
        """Yield what was held back for the gap's sake, when the gap has passed by ``now``."""
        due = self._sent_at + self.pace.least_gap
        if self._held_back is not None and due <= now:
            at, held = max(due, self._held_back.at), self._held_back
            yield from self._readings(replace(held, at=at))

    def last_said(self, equipment: str, at: Micros) -> Iterator[Message]:
        """Yield all that was sent last, as it would be sent now."""
        for kind, points in (
            (TopicKind.VITAL, self._vital),
            (TopicKind.TELEMETRY, self._sent),
        ):
            if points:
                yield Message(equipment=equipment, kind=kind, at=at, points=dict(points))

    def forget(self) -> None:
        """Report everything next time, as after a reconnect."""
        self._full_at = self._held_back = None

    def _readings(self, sample: Sample) -> Iterator[Message]:
        full = self._full_at is None or sample.at - self._full_at >= self.pace.full_every
        vital, telemetry, urgent = self._news(sample.points, full=full)
        if full:
            self._full_at = sample.at
        if vital:
            self._vital.update(vital)
            self._spoke_at = sample.at
            yield _message(sample, TopicKind.VITAL, vital)
        if not telemetry and sample.at - self._spoke_at >= self.pace.life_every:
            telemetry, urgent = self._sign_of_life(), True
        if telemetry and not urgent and sample.at - self._sent_at < self.pace.least_gap:
            self._held_back = sample
            return
        self._held_back = None
        if telemetry:
            self._sent.update(telemetry)
            self._sent_at = self._spoke_at = sample.at
            yield _message(sample, TopicKind.TELEMETRY, telemetry)

    def _sign_of_life(self) -> dict[str, Scalar]:
        """Return one point to repeat."""
        return dict(list(self._sent.items())[:1])

    def _news(
        self, points: Mapping[str, Scalar], *, full: bool
    ) -> tuple[dict[str, Scalar], dict[str, Scalar], bool]:
        """Return the vital and the other points worth sending, and whether they must go at once."""
        vital: dict[str, Scalar] = {}
        telemetry: dict[str, Scalar] = {}
        urgent = full
        for name, raw in points.items():
            sense = self._senses[name]
            before = (self._vital if sense.vital else self._sent).get(name)
            if not full and not sense.is_news(before, raw):
                continue
            (vital if sense.vital else telemetry)[name] = rounded(sense.point, raw)
            urgent = urgent or not (sense.vital or sense.gradual)
        return vital, telemetry, urgent


@dataclass(frozen=True, slots=True)
class _Sense:
    """What of a point's definition decides on news; looked at some hundred times a second."""

    point: PointDef
    vital: bool
    gradual: bool
    noise: float | None
    """The least change that can be news; None = every change is."""

    @classmethod
    def of(cls, point: PointDef) -> "_Sense":
        noisy = point.kind is PointKind.ANALOG and not point.vital
        return cls(
            point=point,
            vital=point.vital,
            gradual=point.kind in _GRADUAL,
            noise=NOISE_DIGITS * 10.0**-point.digits if noisy else None,
        )

    def is_news(self, before: Scalar, now: Scalar) -> bool:
        """Tell whether a value is worth sending: any change, or more than its sensor's noise."""
        if (
            self.noise is not None
            and isinstance(before, int | float)
            and isinstance(now, int | float)
        ):
            return abs(now - before) >= max(self.noise, NOISE_SHARE * abs(before))
        return before != rounded(self.point, now)


def rounded(point: PointDef, value: Scalar) -> Scalar:
    """Return a value with as many decimals as its sensor has; others as they are."""
    if point.kind is PointKind.ANALOG and isinstance(value, int | float):
        return round(float(value), point.digits)
    return value


def _message(sample: Sample, kind: TopicKind, points: Mapping[str, Scalar]) -> Message:
    return Message(equipment=sample.equipment, kind=kind, at=sample.at, points=points)
