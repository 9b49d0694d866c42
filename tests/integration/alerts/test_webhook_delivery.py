"""Webhooks against a real HTTP server: signed, told apart by id, never redirected."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from alerts.channels.port import Delivered, Delivery, Failed
from alerts.channels.webhook import Webhook, verify
from alerts.read import AlertFilter, AlertReader
from alerts.schema import open_alerts
from alerts.service import AlertService
from alerts.settings import WebhookTarget
from gengfu.core.clock import SECOND, SystemClock
from tests.fakes.alerts import FIRE
from tests.fakes.waiting import until

SECRET = "a receiver's secret"
DELIVERY = Delivery(
    id="abc.1.hook",
    alert="abc",
    channel="hook",
    what="opened",
    body=b"{}",
    created_at=0,
    attempts=0,
)


class Receiver:
    """An HTTP server on loopback that keeps every request and answers as it is told."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.hang = threading.Event()
        self.hang.set()
        self.connections = 0
        self.says = b""
        """What an answer's body begins with; one that says something never comes to its end."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                receiver.connections += 1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                receiver.hang.wait(10)
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.send_header("Location", f"http://{self.headers['Host']}/elsewhere")
                self.send_header("Content-Length", str(1_000_000 if receiver.says else 0))
                self.end_headers()
                self.wfile.write(receiver.says)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def target(self, **changes: object) -> WebhookTarget:
        wanted: dict[str, object] = {"allow_private": True, **changes}
        return WebhookTarget(name="hook", url=self.url, secret=SECRET, **wanted)  # type: ignore[arg-type]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.hang.set()
    made.server.shutdown()
    made.server.server_close()


async def test_a_receiver_cannot_verify(receiver: Receiver, tmp_path: Path) -> None:
    """Core's notification arrives signed; after a 500 it comes again under the same id."""
    receiver.answers = [500]
    engine = open_alerts(tmp_path / "alerts.db")
    async with Webhook(receiver.target()) as hook:
        service = AlertService(engine, SystemClock(), channels=[hook])
        service.apply([FIRE], position=1, at=SystemClock().now())
        task = asyncio.create_task(service.run())
        await until(lambda: len(receiver.got) == 2, "a second attempt")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    alert = AlertReader(engine).list(AlertFilter()).alerts[0]
    for headers, body in receiver.got:
        timestamp = int(headers["Gengfu-Timestamp"])
        assert abs(timestamp - SystemClock().now() // SECOND) < 30
        assert verify(SECRET, timestamp, body, headers["Gengfu-Signature"])
        assert headers["Gengfu-Delivery"] == f"{alert.id}.1.webhook:hook"
    assert receiver.got[0][1] == receiver.got[1][1]
    engine.dispose()


async def test_a_redirect_is_followed(receiver: Receiver) -> None:
    """A redirect is a failed attempt and nothing more."""
    receiver.answers = [307]
    async with Webhook(receiver.target()) as hook:
        assert await hook.send(DELIVERY, now=0) == Failed("answered 307")
    assert len(receiver.got) == 1


async def test_loopback_is_knocked_at(receiver: Receiver) -> None:
    """Without the setting a loopback receiver is refused, and hears nothing."""
    async with Webhook(receiver.target(allow_private=False)) as hook:
        outcome = await hook.send(DELIVERY, now=0)
    assert isinstance(outcome, Failed)
    assert outcome.why.startswith("refused target")
    assert receiver.got == []


async def test_a_silent_receiver_is_waited_for(receiver: Receiver) -> None:
    """A receiver that does not answer in time is a failed attempt."""
    receiver.hang.clear()
    async with Webhook(receiver.target(timeout=SECOND // 5)) as hook:
        assert await hook.send(DELIVERY, now=0) == Failed("timeout")


async def test_nobody_listens_and_it_raises(receiver: Receiver) -> None:
    """A refused connection is a failed attempt; afterwards it works again."""
    closed = WebhookTarget(name="x", url="http://127.0.0.1:9/", secret="s", allow_private=True)
    async with Webhook(closed) as hook:
        assert isinstance(await hook.send(DELIVERY, now=0), Failed)
    async with Webhook(receiver.target()) as hook:
        assert await hook.send(DELIVERY, now=0) == Delivered()


async def test_every_notification_opens_a_connection(receiver: Receiver) -> None:
    """Notifications that follow each other go over one connection."""
    async with Webhook(receiver.target()) as hook:
        for _ in range(5):
            assert await hook.send(DELIVERY, now=0) == Delivered()
    assert receiver.connections == 1


@pytest.mark.parametrize("says", [b"<", b"<" * 100_000], ids=["hangs", "is long"])
async def test_an_answer_without_end_is_waited_for(receiver: Receiver, says: bytes) -> None:
    """The status is the answer: a body that hangs or is long takes nothing back, and is left."""
    receiver.says, receiver.answers = says, [200, 200]
    async with Webhook(receiver.target()) as hook:
        assert await hook.send(DELIVERY, now=0) == Delivered()
        assert await hook.send(DELIVERY, now=0) == Delivered()
    assert receiver.connections == 2
