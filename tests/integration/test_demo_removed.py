"""From the demo to a clean system, as a person goes that way: stop, remove, start."""

from pathlib import Path

import httpx

from tests.acceptance.system import System, gengfu
from tests.integration.services import PATIENCE_S, free_port


def test_something_of_the_demo_is_in_the_clean_system(tmp_path: Path) -> None:
    """A running demo refuses; a stopped one leaves no file, and the next start asks for its set-up."""
    environment = {"GENGFU_BROKER__PORT": str(free_port())}
    system = System(tmp_path, arguments=("--demo",), environment=environment)
    words = ("demo", "remove", "--data", str(system.data), "--yes")
    system.start()
    try:
        refused = gengfu(*words)
        assert refused.returncode == 1
        assert "already runs" in refused.stderr
        assert system.answers()
    finally:
        assert system.stop() == 0
    removed = gengfu(*words)
    assert removed.returncode == 0, removed.stderr
    assert not system.data.exists()
    system.arguments = ()
    system.start()
    try:
        reply = httpx.get(
            f"{system.base_url}/login", headers={"Accept": "text/html"}, timeout=PATIENCE_S
        )
        assert reply.headers["location"] == "/setup"
    finally:
        system.stop()
