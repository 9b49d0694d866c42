"""A small InfluxDB in memory, 1.6.7 or 2.9.1: it answers what the real one was seen to answer.

Writes by ``/api/v2/write`` (2.x) and ``/write``, reads by the few shapes of InfluxQL that the store
asks. What it says of lines stands in ``influx_answers``, kept true by ``tests/golden/influxdb``.
``troubles`` are answers given instead, one a request, as a server in trouble gives them.
"""

import base64
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

from tests.fakes.influx_answers import TWO, Said, Tongue, read
from tests.fakes.line_protocol import FieldValue, Point

TOKEN = "a-token-of-the-fake"
_SELECT = re.compile(
    r'SELECT (?P<what>.+) FROM "(?P<measurement>[^"]+)"'
    r' WHERE (?P<tags>"\w+" = \$\w+(?: AND "\w+" = \$\w+)*)'
    r" AND time >= (?P<start>-?\d+) AND time < (?P<end>-?\d+)"
    r"(?: GROUP BY time\((?P<step>\d+)u\) fill\(none\))?(?: LIMIT (?P<most>\d+))?"
)
_DELETE = re.compile(
    r'DELETE FROM "(?P<measurement>[^"]+)" WHERE time < (?P<end>-?\d+)'
    r'(?: AND \((?P<tags>"class" (?:!?=) .+)\))?'
)
_TAG = re.compile(r'"(\w+)" = \$(\w+)')
_CLASS = re.compile(r"\"class\" (!?=) '([^']*)'")
_FIELD = re.compile(r'"([^"]+)"')
_CREATE = re.compile(r'CREATE DATABASE "([^"]+)"(?: WITH DURATION (\d+)d)?')
_WORDS: dict[type, str] = {float: "float", int: "integer", bool: "boolean", str: "string"}


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
class FakeInflux:
    """Its state, as tests look at it from outside."""

    tongue: Tongue = TWO
    url: str = ""
    buckets: dict[str, int] = field(default_factory=dict)
    """Name → retention in seconds; databases, of 1.x."""
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

    def take(self, body: str) -> Said:
        """Store what the server would of some lines; return its answer."""
        self.writes += 1
        if self.poison is not None and self.poison in body:
            return self.tongue.broken
        if self.max_lines is not None and body.count("\n") >= self.max_lines:
            return self.tongue.too_large
        found = read(body, unsigned=self.tongue.unsigned)
        if found.trouble and self.tongue.all_or_nothing:
            return self.tongue.unreadable(found.trouble)
        late = [one for one in found.points if self.oldest and (one.time or 0) < self.oldest]
        conflicts = [self._store(one) for one in found.points if one not in late]
        why = [one for one in conflicts if one is not None]
        if found.trouble:
            return self.tongue.unreadable(found.trouble)
        if why:
            return self.tongue.conflict(why[0], len(why))
        return self.tongue.expired(len(late)) if late else (204, "")

    def _store(self, point: Point) -> str | None:
        """Store a point, or say what does not fit."""
        for name, value in point.fields:
            known = self.types.setdefault((point.measurement, name), type(value))
            if known is not type(value):
                return (
                    f'field type conflict: input field "{name}" on measurement'
                    f' "{point.measurement}" is type {_WORDS[type(value)]}, already exists as'
                    f" type {_WORDS[known]}"
                )
        self.points[point.measurement, point.tags, point.time or 0].update(point.fields)
        return None

    def select(self, statement: str, bound: dict[str, str]) -> dict[str, object]:
        """Answer one of the store's questions."""
        asked = _SELECT.fullmatch(statement)
        created = _CREATE.fullmatch(statement)
        if created is not None and self.tongue is not TWO:
            self.buckets[created[1]] = int(created[2] or 0) * 86_400
            return {"results": [{"statement_id": 0}]}
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
        values = values[: int(asked["most"])] if asked["most"] else values
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


def _error(code: str, message: str) -> str:
    return json.dumps({"code": code, "message": message})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fake: FakeInflux

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
        elif not self._may_enter():
            self._send(*self.fake.tongue.refused)
        elif self.fake.troubles:
            self._give(self.fake.troubles.popleft())
        elif route.path == "/write" or (route.path == "/api/v2/write" and self._is_two):
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

    @property
    def _is_two(self) -> bool:
        return self.fake.tongue is TWO

    def _may_enter(self) -> bool:
        """Tell whether the token is right; 1.x is told it as a password."""
        if self._is_two:
            return self.headers.get("authorization") == f"Token {TOKEN}"
        given = self.headers.get("authorization", "").removeprefix("Basic ")
        return base64.b64decode(given).decode() == f"gengfu:{TOKEN}"

    def _write(self, bucket: str, body: bytes) -> None:
        if bucket not in self.fake.buckets:
            self._send(*self.fake.tongue.missing(bucket))
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
        self.send_header("X-Influxdb-Version", self.fake.tongue.version)
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
def influx(tongue: Tongue = TWO, port: int = 0) -> Iterator[FakeInflux]:
    """Run the fake on loopback until the block ends."""
    fake = FakeInflux(tongue)
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
