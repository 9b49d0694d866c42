"""Those who look on from outside: somebody with the page open, and a receiver of notifications."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.acceptance.system import System


@dataclass(frozen=True, slots=True)
class Sight:
    """An alert as it became visible for the first time."""

    at: float
    """Of ``time.monotonic``."""
    id: str
    rule: str
    equipment: str
    part: str | None
    kind: str


@dataclass(slots=True)
class Spectator:
    """Follows ``/alerts/stream`` and comes back after every cut, with its ``Last-Event-ID``."""

    system: System
    sights: dict[str, Sight] = field(default_factory=dict)
    """Alert id → when it was first seen."""
    reconnections: int = -1
    _last: str = "0"
    _stopped: threading.Event = field(default_factory=threading.Event)

    def seen(self, equipment: str, part: str) -> Sight | None:
        """Return the first sight of a part's alert."""
        alerts = list(self.sights.values())
        return next((one for one in alerts if (one.equipment, one.part) == (equipment, part)), None)

    @contextlib.contextmanager
    def looking(self) -> Iterator["Spectator"]:
        """Look on until the block ends."""
        thread = threading.Thread(target=self._look, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            thread.join(timeout=5)

    def _look(self) -> None:
        while not self._stopped.is_set():
            self.reconnections += 1
            with contextlib.suppress(httpx.HTTPError):
                self._follow()
            self._stopped.wait(0.1)

    def _follow(self) -> None:
        headers = {"Authorization": f"Bearer {self.system.token}", "Last-Event-ID": self._last}
        url = f"{self.system.base_url}/api/v1/alerts/stream"
        with httpx.stream("GET", url, headers=headers, timeout=60, verify=False) as reply:
            event = ""
            for line in reply.iter_lines():
                if self._stopped.is_set():
                    return
                name, _, text = line.partition(": ")
                if name == "id":
                    self._last = text
                elif name == "event":
                    event = text
                elif name == "data" and event == "alert":
                    self._see(json.loads(text))

    def _see(self, alert: dict[str, Any]) -> None:
        known = alert["id"], alert["rule"], alert["equipment"], alert["part"], alert["kind"]
        self.sights.setdefault(alert["id"], Sight(time.monotonic(), *known))


@dataclass(frozen=True, slots=True)
class Notified:
    """One attempt of a notification as its receiver met it."""

    at: float
    delivery: str
    alert: str
    what: str


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    """Sixteen may knock at once; of five, TCP lets the others knock again a second later."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Be quiet: senders are killed here."""


@dataclass(slots=True)
class Receiver:
    """A webhook's other end: takes every notification and remembers it."""

    url: str = ""
    notified: list[Notified] = field(default_factory=list)

    @contextlib.contextmanager
    def up(self) -> Iterator["Receiver"]:
        """Receive until the block ends."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["content-length"]))
                if not text.endswith(b"}"):  # whoever sent it was killed in the middle
                    return
                body, delivery = json.loads(text), self.headers["Gengfu-Delivery"]
                if "alert" in body:  # the watchdog speaks of Gengfu itself
                    receiver.notified.append(
                        Notified(time.monotonic(), delivery, body["alert"]["id"], body["what"])
                    )
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 – its name there
                """Be quiet."""

        server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    def settings(self) -> dict[str, str]:
        """Return the environment that makes Gengfu notify this receiver."""
        hook = {"url": self.url, "secret": "between us", "allow_private": True}
        return {"GENGFU_WEBHOOKS": json.dumps([hook])}
