"""Started twice: the second says so and goes, the first goes on."""

from tests.acceptance.house import Devices
from tests.acceptance.system import gengfu
from tests.acceptance.timetable import Push, between, fire, opened, play
from tests.integration.services import free_port


def test_started_twice_on_one_folder(devices: Devices) -> None:
    """F46: exit 1 with a sentence that names the folder; the first one's alarms still pass."""
    system = devices.house.system
    pids = system.pids()
    second = gengfu("up", "--data", str(system.data), "--port", str(free_port()))
    assert second.returncode == 1
    assert str(system.data) in second.stdout + second.stderr
    assert "Traceback" not in second.stdout + second.stderr
    assert system.pids() == pids
    push = Push(at=0, equipment=devices.stage, kind="event", payload=fire("twice"))
    play(devices, push, want=[between(0, 3, opened(devices.stage, "twice"))])
