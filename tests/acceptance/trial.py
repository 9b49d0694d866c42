"""One trial of the loss harness: load, ``kill -9`` at random moments, then the verdict.

The same trial runs in ``make test`` with few kills and in ``make soak`` for as long as one likes.
"""

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance import judge
from tests.acceptance.handover import HandOver
from tests.acceptance.oracle import Oracle, Taken
from tests.acceptance.proxy import Proxy
from tests.acceptance.servers import Server, broker_server
from tests.acceptance.system import ROOT, System
from tests.acceptance.watch import Receiver, Spectator
from tests.integration.services import mosquitto, wait_for

PUMPS = ("pump-supply-1", "pump-supply-2", "pump-supply-3", "pump-jockey")
POINTS = ("pressure_out", "current")
PANEL = "fire-panel-1"
CALM = "calm-"
"""How the parts begin that trip before the first kill."""
MOST_ALARMS = 180
AWAY_S = 0.1
VICTIMS = ("core", "core", "core", "desk", "desk", "broker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came out of a trial."""

    seed: int
    kills: Mapping[str, int]
    events: int
    values: int
    """Values that the broker handed over and Gengfu acknowledged; of a rival, those it stored."""
    missing: int
    """More values, that the broker took: lost in the killed broker, or by a rival."""
    missing_events: int = 0
    faults: Sequence[str]
    answered_s: Sequence[float] = ()
    """Raised → ``down/ack``, of each event, kills included."""
    visible_s: Sequence[float] = ()
    """Raised → seen by somebody with the page open, kills included."""
    calm_s: Sequence[float] = ()
    """The same before the first kill."""

    def __str__(self) -> str:
        kills = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        return (
            f"seed {self.seed}: {sum(self.kills.values())} kill -9 ({kills}); {self.events} events,"
            f" {self.values} values; missing {self.missing} values, {self.missing_events} events;"
            f" visible p50 {percentile(self.visible_s, 50):.2f} s,"
            f" p99 {percentile(self.visible_s, 99):.2f} s; {len(self.faults)} faults"
        )


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile by the nearest rank; 0 of nothing."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))] if ranked else 0.0


@dataclass(slots=True)
class Trial:
    """A system, its broker behind a tap, devices, and somebody who looks on."""

    folder: Path
    seed: int
    kills: int
    pause_s: tuple[float, float] = (0.8, 3.0)
    """Between two kills."""
    killed: Counter[str] = field(default_factory=Counter)

    def run(self) -> Verdict:
        """Play the trial and judge it; whatever happens, nothing is left running."""
        # Saved after every change, a Mosquitto with a long queue is busy with its own file alone.
        broker = mosquitto(self.folder / "broker", "allow_anonymous true", "autosave_interval 10")
        tap, receiver = HandOver(), Receiver()
        server, proxy = broker_server(broker), Proxy(broker.port, tap)
        with server.up(), proxy.up(), receiver.up():
            address = f"mqtt://127.0.0.1:{proxy.port}"
            system = System(self.folder, ("--broker", address), receiver.settings())
            system.import_ledger(ROOT / "simulators" / "demo")
            spectator = Spectator(system)
            with system.up(), spectator.looking(), self.devices(broker.port) as oracle:
                _calm(oracle, spectator)
                self.load_and_kill(lambda victim: _kill(victim, system, server), oracle)
                promised = _settle(system, oracle, tap)
                judge.let_notify(system, oracle, receiver.notified)
                return self._judge(system, oracle, promised, spectator, receiver)

    @contextlib.contextmanager
    def devices(self, port: int) -> Iterator[Oracle]:
        """Connect the estate's devices."""
        oracle = Oracle(port=port, site="yunhe", seed=self.seed)
        oracle.connect()
        try:
            yield oracle
        finally:
            oracle.close()

    def load_and_kill(
        self, kill: Callable[[str], bool], oracle: Oracle, *, insists: bool = True
    ) -> None:
        """Publish all the time while processes are killed."""
        dice = random.Random(self.seed)
        next_kill, turn = time.monotonic() + dice.uniform(*self.pause_s), 0
        while self.killed.total() < self.kills:
            for pump in PUMPS:
                oracle.measure(pump, *POINTS)
            if turn % 10 == 0 and len(oracle.raised) < MOST_ALARMS:
                oracle.alarm(PANEL, f"1-{len(oracle.raised):03d}")
            if insists and turn % 50 == 0:
                oracle.insist()
            if time.monotonic() > next_kill:
                victim = dice.choice(VICTIMS)
                was_there = kill(victim)
                self.killed[victim] += was_there
                # One that was away is no kill, and no reason to wait: another is chosen at once.
                pause = dice.uniform(*self.pause_s) if was_there else AWAY_S
                next_kill = time.monotonic() + pause
            turn += 1
            time.sleep(0.04)

    def _judge(
        self,
        system: System,
        oracle: Oracle,
        promised: Taken,
        spectator: Spectator,
        receiver: Receiver,
    ) -> Verdict:
        taken = sum(map(len, oracle.taken.values()))
        values = sum(map(len, promised.values()))
        faults = [
            *judge.wrong_events(system, oracle),
            *judge.wrong_timelines(system, PANEL),
            *judge.wrong_notifications(system, [PANEL], receiver.notified),
            *judge.wrong_readings(system, promised, oracle.taken),
            *judge.wrong_sums(system),
            *judge.broken_audit(system),
        ]
        if values < taken and not self.killed["broker"]:
            faults.append(f"{taken - values} values never left a broker that was not killed")
        return Verdict(
            seed=self.seed,
            kills=dict(self.killed),
            events=len(oracle.raised),
            values=values,
            missing=taken - values,
            faults=faults,
            answered_s=[at - oracle.raised_at[one] for one, at in oracle.answered_at.items()],
            visible_s=_visible(oracle, spectator, "1-"),
            calm_s=_visible(oracle, spectator, CALM),
        )


def _kill(victim: str, system: System, server: Server) -> bool:
    """Kill a process; tell whether it was there, for one that was just away is no kill."""
    if victim != "broker":
        return system.kill(victim)
    server.kill()
    server.start()
    return True


def _calm(oracle: Oracle, spectator: Spectator) -> None:
    """Raise some events while nothing is wrong, and wait until each is seen."""
    for number in range(30):
        for pump in PUMPS:
            oracle.measure(pump, *POINTS)
        oracle.alarm(PANEL, f"{CALM}{number}")
        time.sleep(0.1)
    wait_for("the calm's events", lambda: len(_visible(oracle, spectator, CALM)) == 30)


def _visible(oracle: Oracle, spectator: Spectator, prefix: str) -> list[float]:
    delays = []
    for event, (equipment, part) in oracle.raised.items():
        sight = spectator.seen(equipment, part)
        if sight is not None and part.startswith(prefix):
            delays.append(sight.at - oracle.raised_at[event])
    return delays


RESEND_S = 2.0
"""So long a device waits for its event's acknowledgement before it sends it again."""


def _settle(system: System, oracle: Oracle, tap: HandOver) -> Taken:
    """Wait until everything has come through; return what was promised to be kept."""
    insisted = 0.0

    def everything_taken() -> bool:
        nonlocal insisted
        if time.monotonic() - insisted > RESEND_S:
            oracle.insist()
            insisted = time.monotonic()
        return oracle.settled()

    wait_for("every event to be acknowledged", everything_taken)
    counts = [-1]

    def broker_is_empty() -> bool:
        """Nothing more is handed over for three looks: what is missing now never comes."""
        counts.append(len(tap.messages))
        time.sleep(0.7)
        return counts[-1] == counts[-2] == counts[max(0, len(counts) - 3)]

    wait_for("the broker to hand over what it has", broker_is_empty)
    promised = judge.handed_over(tap.messages, oracle.taken)
    wait_for("the store to catch up", lambda: judge.drained(system))
    return promised
