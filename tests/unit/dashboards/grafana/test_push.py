"""Putting dashboards into a Grafana, against a small one that remembers what it was sent."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dashboards.grafana.push import PushFailed, Target, push

TOKEN = "a-token"


class FakeGrafana(ThreadingHTTPServer):
    """Folders and dashboards of one organisation."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folders: list[dict[str, object]] = []
        self.pages: list[dict[str, object]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: FakeGrafana

    def do_GET(self) -> None:
        self._answer(200, self.server.folders)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.headers.get("authorization") != f"Bearer {TOKEN}":
            self._answer(401, {"message": "Unauthorized"})
        elif self.path.endswith("/folders"):
            self.server.folders.append(body)
            self._answer(200, body)
        else:
            self.server.pages.append(body)
            self._answer(200, {"url": f"/d/{body['dashboard']['uid']}"})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 – its name there
        """Be quiet."""

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def grafana() -> Iterator[FakeGrafana]:
    with FakeGrafana() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_second_push_makes_a_second_dashboard(grafana: FakeGrafana) -> None:
    """Dashboards go into our folder, made once, and replace those of the same uid."""
    for _ in range(2):
        addresses = push(
            Target(url=grafana.url, token=TOKEN), {"a.json": '{"uid": "gf-a", "id": 7}'}
        )
    assert addresses == [f"{grafana.url}/d/gf-a"]
    assert [one["uid"] for one in grafana.folders] == ["gengfu"]
    expected = {"dashboard": {"uid": "gf-a", "id": None}, "folderUid": "gengfu", "overwrite": True}
    assert grafana.pages == [expected, expected]


def test_a_wrong_token_is_a_traceback(grafana: FakeGrafana) -> None:
    """What Grafana refuses is one sentence."""
    with pytest.raises(PushFailed, match=r"127\.0\.0\.1"):
        push(Target(url=grafana.url, token="wrong"), {"a.json": '{"uid": "gf-a"}'})
