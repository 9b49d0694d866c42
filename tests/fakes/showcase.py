"""The web application over a busy evening made by hand, for looking at it.

``python -m tests.fakes.showcase PORT [quiet]`` serves it; ``dashboards.web.shots`` takes pictures.
"""

import sys
from dataclasses import replace

import uvicorn

from alerts.model import Condition, FindingVerdict, Handling
from dashboards.accounting import Accounting
from dashboards.availability.figures import AvailabilityRow
from dashboards.estate.point_value import PointValue
from dashboards.web.app import build_app
from dashboards.web.ports import ShownDemo
from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros, SystemClock
from gengfu.core.names import PointKind
from gengfu.core.naming import Bilingual, Scalar, Subject
from gengfu.core.states import OperatingState
from gengfu.core.urgency import Kind, Severity
from gengfu.ledger.model import PointDef
from tests.fakes.alerts import sample_alert
from tests.fakes.desk import PASSWORD, FakeDesk, interval, letter
from tests.fakes.ledgers import FakeLedgers

_NORMAL = (OperatingState.RUNNING, OperatingState.STANDBY)
_ODD = {
    "lift-b1-u1-left": OperatingState.STANDBY,
    "pump-supply-2": OperatingState.FAULT,
    "lift-b3-u1-right": OperatingState.MAINTENANCE,
    "nvr-b2": OperatingState.UNKNOWN,
    "cam-b2-u1-lobby": OperatingState.UNKNOWN,
    "cam-b2-gate": OperatingState.UNKNOWN,
}


def _value(point: PointDef, seed: int) -> Scalar:
    if point.kind is PointKind.BOOLEAN:
        return point.name in {"online", "mains", "safety_chain", "door_zone"}
    if point.kind is PointKind.ENUM:
        return next(iter(point.words))
    if point.kind is PointKind.TEXT:
        return "E07"
    return round(3 + seed % 17 + 0.37, point.digits)


def busy(desk: FakeDesk, now: Micros) -> None:
    """Fill the desk with an evening on which several things go wrong."""
    ledgers = FakeLedgers()
    for ledger in ledgers.sites.values():
        for seed, (name, equipment) in enumerate(ledger.equipment.items()):
            klass = ledgers.classes[equipment.equipment_class]
            age = 11 * MINUTE if _ODD.get(name) is OperatingState.UNKNOWN else seed % 7 * SECOND
            desk.estate.values[name] = {
                point.name: PointValue(
                    value=_value(point, seed), observed_at=now - age, received_at=now - age
                )
                for point in klass.points.values()
                if not point.optional or seed % 3
            }
            state, start = _ODD.get(name, _NORMAL[seed % 2]), now - 9 * HOUR
            steps = [(_NORMAL[n % 2], start + n * 25 * MINUTE) for n in range(20)]
            steps[9:11] = [
                (OperatingState.UNKNOWN, steps[9][1]),
                (OperatingState.FAULT, steps[10][1]),
            ]
            steps = [*steps, (state, now - 12 * MINUTE)]
            ends = [at for _state, at in steps[1:]]
            desk.estate.history[name] = [
                interval(name, what, at, end)
                for (what, at), end in zip(steps, [*ends, None], strict=True)
            ]
    desk.estate.letters = [letter(now - n * MINUTE) for n in range(4)]
    desk.sums = Accounting(received=182_344, stored=182_301, duplicate=31, quarantined=12)
    _figures(desk)
    _alerts(desk, now)


def _alerts(desk: FakeDesk, now: Micros) -> None:
    put, clock = desk.alerts.put, desk.clock
    first = sample_alert("a-1", opened_at=now - 72 * SECOND)
    clock.at = first.opened_at
    put(first, "opened")
    dry = sample_alert(
        "a-2",
        opened_at=now - 6 * MINUTE,
        name=Bilingual("生活水泵 2 号", "Supply pump 2"),
        rule="pump.dry_running",
        subject=Subject("pump-supply-2"),
        equipment_class="pump",
        place=Bilingual("3号楼 B1 水泵房", "Building 3 B1 Pump room"),
        kind=Kind.MAINTENANCE,
        priority=4,
        severity=Severity.HIGH,
        latched=False,
        title=Bilingual(
            "生活水泵 2# 缺水空转：泵在转，不出水",
            "Supply pump 2 runs dry: it turns, no water comes",
        ),
        advice=(
            Bilingual("到水泵房看水箱水位", "Look at the tank level in the pump room"),
            Bilingual("停 2# 泵，切到 1# 泵", "Stop pump 2 and switch to pump 1"),
            Bilingual("通知工程部检查吸水管", "Tell engineering to check the suction pipe"),
        ),
        values={"current": 4.21, "pressure_out": 0.12, "run": True, "current_limit": 42.0},
    )
    clock.at = dry.opened_at
    put(dry, "opened")
    clock.at += 40 * SECOND
    put(replace(dry, handling=Handling.NOTIFIED, version=2), "notified", "system")
    clock.at += 50 * SECOND
    taken = replace(
        dry, handling=Handling.EN_ROUTE, assignee="guard", version=4, due_at=None, occurrences=3
    )
    put(replace(taken, version=3, handling=Handling.ACKNOWLEDGED), "acknowledge", "guard")
    put(taken, "en-route", "guard", "马上到")
    rest = [
        (
            "a-3",
            "fire_panel",
            "fire-panel-1",
            "1-014",
            Severity.CRITICAL,
            Kind.LIFE_SAFETY,
            1,
            Bilingual("2号楼 2单元 9层 电梯前室", "Building 2 Unit 2 Floor 9 Lift lobby"),
            Bilingual("首警：电梯前室烟感", "First fire signal: lift-lobby smoke detector"),
            Handling.ARRIVED,
        ),
        (
            "a-4",
            "nvr",
            "nvr-b2",
            None,
            Severity.HIGH,
            Kind.SYSTEM,
            4,
            Bilingual("2号楼 弱电间", "Building 2 Weak-current room"),
            Bilingual("录像机离线，5 路摄像机无数据", "Recorder offline, 5 cameras without data"),
            Handling.NOTIFIED,
        ),
        (
            "a-5",
            "door",
            "door-b1-stair",
            None,
            Severity.MEDIUM,
            Kind.SECURITY,
            3,
            Bilingual("1号楼 1层", "Building 1 Floor 1"),
            Bilingual("防火门开启超过 60 秒", "Fire door open for more than 60 s"),
            Handling.NEW,
        ),
        (
            "a-6",
            "camera",
            "cam-b3-roof",
            None,
            Severity.LOW,
            Kind.MAINTENANCE,
            6,
            Bilingual("3号楼 屋顶", "Building 3 Roof"),
            Bilingual("摄像机时钟偏差 42 秒", "Camera clock is off by 42 s"),
            Handling.NEW,
        ),
    ]
    for n, (
        key,
        klass,
        equipment,
        part,
        severity,
        kind,
        priority,
        place,
        title,
        handling,
    ) in enumerate(rest):
        alert = sample_alert(
            key, opened_at=now - (4 + 9 * n) * MINUTE, equipment_class=klass,
            subject=Subject(equipment, part), severity=severity, kind=kind, priority=priority,
            place=place, title=title, handling=handling, latched=priority == 1, values={},
            assignee="guard" if handling is Handling.ARRIVED else None, due_at=None, name=None,
            children=("cam-b2-u1-lobby", "cam-b2-gate") if klass == "nvr" else (),
        )  # fmt: skip
        clock.at = alert.opened_at
        put(alert, "opened")
    done = sample_alert("a-7", opened_at=now - 5 * HOUR, handling=Handling.CLOSED, assignee="guard",
                        verdict=FindingVerdict.FALSE, cause="儿童误按", condition=Condition.OFF,
                        closed_at=now - 5 * HOUR + 14 * MINUTE, cleared_at=now - 5 * HOUR + 9 * MINUTE)  # fmt: skip
    put(done, "close", "guard")


def _figures(desk: FakeDesk) -> None:
    def row(key: str, share: float | None, *, down: float = 0, failures: int = 0, count: int = 1,
            coverage: float = 0.998, planned: float = 0) -> AvailabilityRow:  # fmt: skip
        return AvailabilityRow(
            key=key, availability=share, coverage=coverage, failures=failures, count=count,
            mtbf_s=1_650_000 / failures if failures else None,
            mttr_s=down / failures if failures else None,
            planned_s=planned, down_s=down, unknown_s=(1 - coverage) * 1_700_000,
        )  # fmt: skip

    desk.availability.rows = {
        "class": [
            row("elevator", 0.98214, down=39_600, failures=3, count=12, planned=14_400),
            row("pump", 0.9971, down=5_100, failures=2, count=10),
            row("fire_panel", 1.0), row("door_controller", 1.0, count=3),
            row("door", 0.9994, down=900, failures=1, count=18),
            row("camera", 0.9922, down=21_000, failures=6, count=15, coverage=0.862),
            row("nvr", None, count=3, coverage=0.0),
        ],
        "equipment": [
            row("lift-b3-u1-right", 0.9382, down=39_600, failures=1),
            row("lift-b1-u1-left", 0.9991, down=1_500, failures=2, planned=14_400),
            row("lift-b2-u1-left", 1.0), row("pump-supply-2", 0.991, down=5_100, failures=2),
        ],
    }  # fmt: skip


def main() -> None:
    """Serve it."""
    real = SystemClock()
    shown = [(login, PASSWORD) for login in ("guard", "engineer", "manager")]
    desk = FakeDesk(demo=ShownDemo(accounts=shown))
    if "quiet" not in sys.argv:
        busy(desk, real.now())
    app = build_app(replace(desk.ports(), clock=real))
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")


if __name__ == "__main__":
    main()
