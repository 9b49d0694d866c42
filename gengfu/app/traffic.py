"""Traffic that is no equipment's story: recordings of a broker, and load."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gengfu.app.broker import CORE_ACCOUNT
from gengfu.app.estate import address_of
from gengfu.app.given_files import classes_of
from gengfu.app.ledgers import ledgers_of
from gengfu.config import Settings
from gengfu.core.clock import Micros, SystemClock
from gengfu.core.errors import BadInput
from gengfu.core.names import PointKind
from gengfu.core.said import said
from gengfu.installation import Installation
from simulators.broker.capture import read_capture
from simulators.broker.tape import Taped, play, record
from simulators.load.generator import Fired, Gun, fire
from simulators.load.plan import Load, shots
from simulators.load.shape import Shape

MOST_POINTS = 5
INVENTED = ("current", "pressure_out", "vibration", "bearing_temp", "flow")
"""What invented devices measure: the points of a pump."""


@dataclass(frozen=True, slots=True)
class LoadShape:
    """How much of what; shares between 0 and 1."""

    rate: float
    devices: int
    shape: Shape
    late: float
    duplicate: float
    disorder: float
    seed: int


async def play_capture(settings: Settings, file: Path, *, speed: float, keep_times: bool) -> Taped:
    """Publish recorded traffic: the same bytes, on the same topics, at the same distances.

    With ``keep_times`` it goes by the clock of the system in ``data``, which was started there.

    Raises:
        BadInput: the file is none of ours.
        StartError: when the broker cannot be reached.
    """
    head, messages = read_capture(file)
    place = Installation(settings.data)
    clock = (place.noted_clock() if keep_times else None) or SystemClock()
    return await play(
        messages,
        broker=address_of(settings, place),
        clock=clock,
        began=head.started if keep_times else clock.now(),
        speed=1.0 if keep_times else speed,
    )


async def record_traffic(
    settings: Settings, file: Path, *, topics: Sequence[str], lasts: Micros | None
) -> Taped:
    """Write a broker's traffic to a file, for so long or until cancelled.

    Without ``topics`` it is what devices say, which is what core may hear; our own answers would be
    false ones when they are played back.

    Raises:
        BadInput: the file cannot be written.
        StartError: when the broker cannot be reached or lets us hear nothing.
    """
    place = Installation(settings.data)
    clock = place.noted_clock() or SystemClock()
    return await record(
        file,
        broker=address_of(settings, place, embedded_account=CORE_ACCOUNT),
        topics=topics or (f"{settings.broker.root}/+/+/up/#",),
        clock=clock,
        lasts=lasts,
    )


def fire_load(
    settings: Settings, load: Load, *, connections: int, qos: int, seconds: float
) -> Fired:
    """Fire a load at the broker for so many seconds; say what was sent and who was the limit.

    Its messages are of the system's own time, where that runs by another clock.

    Raises:
        StartError: when the broker cannot be reached.
    """
    place = Installation(settings.data)
    now = (place.noted_clock() or SystemClock()).now()
    boot = f"l{now:x}"
    broker = address_of(settings, place)
    with Gun(broker, connections=connections, qos=qos, name=boot) as gun:
        return fire(gun, shots(load, now, boot), rate=load.rate, seconds=seconds)


def load_of(settings: Settings, site: str, wanted: LoadShape) -> Load:
    """Return a load for the first ``devices`` of a site's ledger, or for invented ones.

    Raises:
        BadInput: the ledger has no such site, or nothing there that measures.
    """
    ledgers = {one.site.id: one for one in ledgers_of(Installation(settings.data))}
    classes = classes_of(settings)
    if ledgers and site not in ledgers:
        known = ", ".join(ledgers)
        raise BadInput.of(
            "--site", "", said("the ledger has no site {!r}", site), said("it has {}", known)
        )
    points: dict[str, Sequence[str]] = {}
    events: dict[str, str] = {}
    for one in list(ledgers[site].equipment.values())[: wanted.devices] if ledgers else ():
        class_ = classes[one.equipment_class]
        analog = [name for name, point in class_.points.items() if point.kind is PointKind.ANALOG]
        if analog:
            points[one.id] = analog[:MOST_POINTS]
            if class_.events:
                events[one.id] = next(iter(class_.events))
    if not ledgers:
        points = {f"load-{number}": INVENTED for number in range(1, wanted.devices + 1)}
    if not points:
        raise BadInput.of("--site", "", said("nothing at the site {!r} measures anything", site))
    return Load(
        site=site,
        points=points,
        events=events,
        rate=wanted.rate,
        shape=wanted.shape,
        late=wanted.late,
        duplicate=wanted.duplicate,
        disorder=wanted.disorder,
        seed=wanted.seed,
        root=settings.broker.root,
    )
