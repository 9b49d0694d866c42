"""A small house behind bad links: broker, store and Gengfu, each link through the fault proxy.

One house serves many tests; each takes equipment of its own from it, so that they do not meet.
"""

import contextlib
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance import judge
from tests.acceptance.handover import HandOver
from tests.acceptance.oracle import Oracle
from tests.acceptance.proxy import WHOLE, Proxy
from tests.acceptance.servers import Server, broker_server, influx_server
from tests.acceptance.system import System
from tests.acceptance.watch import Receiver, Spectator
from tests.integration.services import Mosquitto, free_port, mosquitto, wait_for

SITE = "house"
_EQUIPMENT = 60
"""Of each kind; more than tests, and the last is nobody's."""
COUNTING = f"lift-{_EQUIPMENT}"
"""A device that no test uses: two of its messages get lost on their way to the broker."""
RESEND_S = 2.0
"""So long a device waits for its event's acknowledgement before it sends it again."""
_KINDS = {
    "panel": "fire_panel",
    "stage": "fire_panel",
    "pump": "pump",
    "victim": "pump",
    "lift": "elevator",
}


@dataclass(slots=True)
class House:
    """What runs, and the faults that can be done to it."""

    system: System
    broker: Mosquitto
    broker_process: Server
    broker_link: Proxy
    tap: HandOver
    store_url: str
    """Past the proxy: for looking into the store directly."""
    store_process: Server
    store_link: Proxy
    spectator: Spectator
    receiver: Receiver
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @contextlib.contextmanager
    def devices(self, seed: int = 1) -> Iterator["Devices"]:
        """Connect a panel and a pump that no other test uses."""
        number = next(self._numbers)
        assert number < _EQUIPMENT, "the house has too little equipment"
        oracle = Oracle(port=self.broker.port, site=SITE, seed=seed, name=f"devices-{number}")
        oracle.connect()
        try:
            yield Devices(self, oracle, number)
        finally:
            oracle.close()

    def leave_a_gap(self) -> None:
        """Lose two messages of ``COUNTING``; late ones have a minute's time before that is told."""
        oracle = Oracle(port=self.broker.port, site=SITE, seed=1, name="counting")
        oracle.connect()
        for seq in (1, 2, 5):
            document = {"seq": seq, "boot": "b1", "points": {"speed": 1.0}}
            oracle.say(f"gf/{SITE}/{COUNTING}/up/telemetry", json.dumps(document))
        wait_for("the broker to take them", oracle.settled)
        oracle.close()

    def mend(self) -> None:
        """Make every link whole again."""
        self.broker_link.fault = self.store_link.fault = WHOLE

    def drain(self) -> None:
        """Wait until the store has everything."""
        wait_for("the store to catch up", lambda: judge.drained(self.system))


@dataclass(slots=True)
class Devices:
    """One test's devices in the house."""

    house: House
    oracle: Oracle
    number: int

    @property
    def panel(self) -> str:
        """The oracle's own fire panel: what it raised and nothing else must be there."""
        return f"panel-{self.number}"

    @property
    def pump(self) -> str:
        return f"pump-{self.number}"

    @property
    def lift(self) -> str:
        return f"lift-{self.number}"

    @property
    def victim(self) -> str:
        """Another pump, for telemetry that the oracle does not know of."""
        return f"victim-{self.number}"

    @property
    def stage(self) -> str:
        """Another fire panel, for scenes (timetable.py)."""
        return f"stage-{self.number}"

    def publish(self, count: int, pause: float = 0.02) -> None:
        """Publish so many readings and a fire event for every tenth of them."""
        for turn in range(count):
            self.oracle.measure(self.pump, "pressure_out", "current")
            if turn % 10 == 0:
                self.oracle.alarm(self.panel, f"f-{len(self.oracle.raised)}")
            time.sleep(pause)

    def settle(self, *, broker_may_lose: bool = False) -> None:
        """Wait until every event was acknowledged, all telemetry handed over, the store caught up."""
        insisted = time.monotonic()

        def settled() -> bool:
            nonlocal insisted
            if time.monotonic() - insisted > RESEND_S:
                self.oracle.insist()
                insisted = time.monotonic()
            return self.oracle.settled()

        wait_for("every event to be acknowledged", settled)
        if not broker_may_lose:
            wait_for("the broker to hand over all telemetry", self._handed_over)
        self.house.drain()

    def _handed_over(self) -> bool:
        taken = self.oracle.taken
        promised = judge.handed_over(self.house.tap.messages, taken)
        return all(len(promised[series]) == len(values) for series, values in taken.items())

    def judge(self, *, broker_may_lose: bool = False) -> None:
        """Fail with all that is wrong with what these devices said."""
        house, sent = self.house, self.oracle.taken
        judge.let_notify(house.system, self.oracle, house.receiver.notified)
        promised = judge.handed_over(house.tap.messages, sent) if broker_may_lose else sent
        house.drain()  # what was handed over until now has to be in the store
        faults = [
            *judge.wrong_events(house.system, self.oracle),
            *judge.wrong_timelines(house.system, self.panel),
            *judge.wrong_notifications(house.system, [self.panel], house.receiver.notified),
            *judge.wrong_readings(house.system, promised, sent),
            *judge.wrong_sums(house.system),
            *judge.broken_audit(house.system),
        ]
        assert not faults, "\n".join(faults)


def write_ledger(folder: Path) -> Path:
    """Write a ledger of as many panels and pumps as tests may want."""
    folder.mkdir()
    rows = [
        f"{SITE},{kind}-{number},{name},{name} {number},{name} {number},hall"
        for kind, name in _KINDS.items()
        for number in range(1, _EQUIPMENT + 1)
    ]
    tables = {
        "sites": ["id,name_zh,name_en", f"{SITE},试验楼,House", "other,别处,Elsewhere"],
        "places": ["site,id,kind,name_zh,name_en", f"{SITE},hall,building,一号楼,Hall"],
        "equipment": ["site,id,class,name_zh,name_en,place", *rows],
    }
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@contextlib.contextmanager
def house(folder: Path) -> Iterator[House]:
    """Run the house until the block ends."""
    # Saved after every change, a queue of a thousand keeps the broker busy with its own file.
    lines = ("allow_anonymous true", "autosave_interval 25")
    broker, http = mosquitto(folder / "broker", *lines), free_port()
    broker_process, store_process = (
        broker_server(broker),
        influx_server(folder / "influx", http),
    )
    tap, receiver = HandOver(), Receiver()
    broker_link, store_link = Proxy(broker.port, tap), Proxy(http)
    with contextlib.ExitStack() as stack:
        for part in (broker_process, store_process, broker_link, store_link, receiver):
            stack.enter_context(part.up())
        links = (
            *("--broker", f"mqtt://127.0.0.1:{broker_link.port}"),
            *("--store", f"influxdb://127.0.0.1:{store_link.port}/gengfu"),
        )
        system = System(folder, links, receiver.settings())
        system.import_ledger(write_ledger(folder / "estate"))
        spectator = Spectator(system)
        stack.enter_context(system.up())
        stack.enter_context(spectator.looking())
        yield House(
            system=system,
            broker=broker,
            broker_process=broker_process,
            broker_link=broker_link,
            tap=tap,
            store_url=f"http://127.0.0.1:{http}",
            store_process=store_process,
            store_link=store_link,
            spectator=spectator,
            receiver=receiver,
        )
