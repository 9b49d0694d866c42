"""A small InfluxDB 2.9.1 in memory: it answers what the real one was seen to answer.

Writes by ``/api/v2/write`` and ``/write``, reads by the few shapes of InfluxQL that the store asks.
``troubles`` are answers given instead, one a request, as a server in trouble gives them.
"""

import contextlib
import gzip
import json
import re
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.fakes.line_protocol import FieldValue, Point, Unparsable, parse

TOKEN = "a-token-of-the-fake"
_SELECT = re.compile(
    r'SELECT (?P<what>.+) FROM "(?P<measurement>[^"]+)"'
    r' WHERE (?P<tags>"\w+" = \$\w+(?: AND "\w+" = \$\w+)*)'
    r" AND time >= (?P<start>-?\d+) AND time < (?P<end>-?\d+)"
    r"(?: GROUP BY time\((?P<step>\d+)u\) fill\(none\))?"
)
_DELETE = re.compile(
    r'DELETE FROM "(?P<measurement>[^"]+)" WHERE time < (?P<end>-?\d+)'
    r'(?: AND \((?P<tags>"class" (?:!?=) .+)\))?'
)
_TAG = re.compile(r'"(\w+)" = \$(\w+)')
_CLASS = re.compile(r"\"class\" (!?=) '([^']*)'")
_FIELD = re.compile(r'"([^"]+)"')


@dataclass
class Trouble:
    """An answer that is given once instead of the right one."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    trickle_s: float | None = None
    """Send one byte of the answer in so many seconds."""


@dataclass
class Authorization:
    """A token that was made, and what it may do."""

    token: str
    permissions: list[dict[str, object]]


@dataclass
class FakeInflux2:
    """Its state, as tests look at it from outside."""

    url: str = ""
    buckets: dict[str, int] = field(default_factory=dict)
    """Name → retention in seconds."""
    points: dict[tuple[str, tuple[tuple[str, str], ...], int], dict[str, FieldValue]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    types: dict[tuple[str, str], type] = field(default_factory=dict)
    troubles: deque[Trouble] = field(default_factory=deque)
    poison: str | None = None
    """A body that holds this is answered 500, always."""
    oldest: int | None = None
    """Points before this time (ns) are outside the retention."""
    max_lines: int | None = None
    """More lines in a body are answered 413."""
    writes: int = 0
    authorizations: list[Authorization] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def take(self, body: str) -> tuple[int, str]:
        """Store lines as 2.9.1 does: nothing when one does not parse, else all that fit."""
        self.writes += 1
        if self.poison is not None and self.poison in body:
            return 500, _error("internal error", "unexpected error writing points")
        if self.max_lines is not None and body.count("\n") >= self.max_lines:
            return 413, _error(
                "request too large", "unable to read data: points batch is too large"
            )
        try:
            points = parse(body)
        except (Unparsable, ValueError) as exc:
            return 400, _error("invalid", f"unable to parse '{body[:40]}': {exc}")
        late = [one for one in points if self.oldest and (one.time or 0) < self.oldest]
        conflicts = [self._store(one) for one in points if one not in late].count(False)
        return _verdict(conflicts, len(late))

    def _store(self, point: Point) -> bool:
        for name, value in point.fields:
            if self.types.setdefault((point.measurement, name), type(value)) is not type(value):
                return False
        self.points[point.measurement, point.tags, point.time or 0].update(point.fields)
        return True

    def select(self, statement: str, bound: dict[str, str]) -> dict[str, object]:
        """Answer one of the store's questions."""
        asked = _SELECT.fullmatch(statement)
        if asked is None and (drop := _DELETE.fullmatch(statement)) is not None:
            self._delete(drop)
            return {}  # as 2.9.1 does
        if asked is None:
            return {"results": [{"statement_id": 0, "error": f"not implemented: {statement}"}]}
        names = list(dict.fromkeys(_FIELD.findall(asked["what"])))
        tags = tuple(sorted((tag, bound[name]) for tag, name in _TAG.findall(asked["tags"])))
        rows = sorted(
            (time, [fields.get(name) for name in names])
            for (measurement, own, time), fields in self.points.items()
            if (measurement, own) == (asked["measurement"], tags)
            and not fields.keys().isdisjoint(names)
            and int(asked["start"]) <= time < int(asked["end"])
        )
        single = [(time, cells[0]) for time, cells in rows if cells[0] is not None]
        values = _bucketed(single, asked) if asked["step"] else [[time, *own] for time, own in rows]
        series = [{"name": asked["measurement"], "columns": ["time", *names], "values": values}]
        return {"results": [{"statement_id": 0, **({"series": series} if values else {})}]}

    def _delete(self, asked: re.Match[str]) -> None:
        signs = _CLASS.findall(asked["tags"] or "")
        chosen, but = {name for _, name in signs}, any(sign == "!=" for sign, _ in signs)
        for key in list(self.points):
            measurement, tags, time = key
            ours = not signs or (dict(tags).get("class") in chosen) != but
            if measurement == asked["measurement"] and time < int(asked["end"]) and ours:
                del self.points[key]


def _bucketed(rows: list[tuple[int, FieldValue]], asked: re.Match[str]) -> list[list[object]]:
    step = int(asked["step"]) * 1000
    buckets: dict[int, list[FieldValue]] = defaultdict(list)
    for time, value in rows:
        buckets[time - time % step].append(value)
    if asked["what"].startswith("last"):
        return [[time, values[-1]] for time, values in buckets.items()]
    numbers = {time: [float(value) for value in values] for time, values in buckets.items()}
    return [
        [time, sum(values) / len(values), min(values), max(values), len(values)]
        for time, values in numbers.items()
    ]


def _verdict(conflicts: int, late: int) -> tuple[int, str]:
    if conflicts:
        text = "partial write: field type conflict: input field is of another type"
        message = f"failure writing points to database: {text} dropped={conflicts}"
        return 422, _error("unprocessable entity", message)
    if late:
        text = f"partial write: dropped {late} points outside retention policy of duration 24h"
        return 422, _error("unprocessable entity", f"failure writing points to database: {text}")
    return 204, ""


def _error(code: str, message: str) -> str:
    return json.dumps({"code": code, "message": message})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fake: FakeInflux2

    def do_GET(self) -> None:
        self._answer_request(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self._answer_request(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 – its name there
        """Be quiet."""

    def _answer_request(self, body: bytes) -> None:
        route = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(route.query).items()}
        if route.path == "/ping":
            self._send(204, "")
        elif self.headers.get("authorization") != f"Token {TOKEN}":
            self._send(401, _error("unauthorized", "unauthorized access"))
        elif self.fake.troubles:
            self._give(self.fake.troubles.popleft())
        elif route.path in ("/write", "/api/v2/write"):
            self._write(query.get("bucket") or query.get("db", ""), body)
        elif route.path == "/query":
            form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
            answer = self.fake.select(form["q"], json.loads(form.get("params") or "{}"))
            self._send(200, json.dumps(answer))
        elif route.path == "/api/v2/buckets":
            self._buckets(query.get("name"), body)
        elif route.path == "/api/v2/authorizations":
            self._authorize(json.loads(body))
        elif route.path == "/api/v2/orgs":
            self._send(200, json.dumps({"orgs": [{"id": "0" * 16, "name": "gengfu"}]}))
        else:
            self._send(404, _error("not found", "path not found"))

    def _write(self, bucket: str, body: bytes) -> None:
        if bucket not in self.fake.buckets:
            self._send(404, _error("not found", f'bucket "{bucket}" not found'))
        else:
            self._send(*self.fake.take(body.decode()))

    def _buckets(self, name: str | None, body: bytes) -> None:
        if self.command == "POST":
            wanted = json.loads(body)
            rules = wanted.get("retentionRules") or [{"everySeconds": 0}]
            self.fake.buckets[wanted["name"]] = rules[0]["everySeconds"]
            self._send(201, json.dumps({"id": "1" * 16, **wanted}))
            return
        found = [one for one in self.fake.buckets if name in (None, one)]
        listed = [
            {"id": "1" * 16, "orgID": "0" * 16, "name": one, "retentionRules": []} for one in found
        ]
        self._send(200, json.dumps({"buckets": listed}))

    def _authorize(self, wanted: dict[str, list[dict[str, object]]]) -> None:
        token = f"scoped-{len(self.fake.authorizations)}"
        self.fake.authorizations.append(Authorization(token, wanted["permissions"]))
        self._send(201, json.dumps({"id": "2" * 16, "token": token, **wanted}))

    def _give(self, trouble: Trouble) -> None:
        if trouble.trickle_s is None:
            self._send(trouble.status, trouble.body, trouble.headers)
            return
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not self.fake.stopped.wait(trouble.trickle_s):
                self.wfile.write(b"x")

    def _send(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("X-Influxdb-Version", "v2.9.1")
        self.send_header("X-Influxdb-Build", "OSS")
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if status != 204:
            self.wfile.write(content)


@contextmanager
def influx2(port: int = 0) -> Iterator[FakeInflux2]:
    """Run the fake on loopback until the block ends."""
    fake = FakeInflux2()
    handler = type("Handler", (_Handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield fake
    finally:
        fake.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()
