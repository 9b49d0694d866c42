"""How lines and questions travel to an InfluxDB: 1.x, 2.x or 3, whichever answers ``/ping``.

Every call has a hard deadline, also against a server that trickles its answer byte by byte.
Nothing is tried again here: that is the store writer's, and only its.
"""

import _thread
import gzip
import json
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar, cast

import httpx
import msgspec
import urllib3.exceptions
from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException

from gengfu.core.naming import Scalar
from ingest.store.answers import Answer, Outcome, read_answer
from ingest.store.port import NotTaken, Refusal

_T = TypeVar("_T")
_NANOSECONDS = cast("WritePrecision", WritePrecision.NS)
_NEGATIVE_ZERO = re.compile(rb"(?<=,)-0(?=[,\]])")


class Generation(StrEnum):
    """Which InfluxDB answers."""

    ONE = "1"
    TWO = "2"
    THREE = "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An InfluxDB and what is ours in it. ``secret``: password (1.x) or token (2.x, 3)."""

    url: str
    """With its scheme, without a path: http://host:8086."""
    database: str
    org: str = "gengfu"
    user: str | None = None
    secret: str | None = field(default=None, repr=False)
    retention_days: int = 0
    """0 = for ever. Applied when the database or bucket is created."""
    deadline_s: float = 20.0


class Found(msgspec.Struct):
    """One series of an answer; the first column is the time in ns."""

    columns: list[str]
    values: msgspec.Raw
    name: str = ""
    tags: dict[str, str] = {}


class _Result(msgspec.Struct):
    series: list[Found] = []
    error: str | None = None


class _Reply(msgspec.Struct):
    results: list[_Result] = []
    error: str | None = None


def within(seconds: float, call: Callable[[], _T]) -> _T:
    """Run a blocking call; leave it behind when it is not done in time.

    Raises:
        NotTaken: with ``Refusal.DEADLINE``.
    """
    outcome: Future[_T] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except BaseException as exc:  # noqa: BLE001 – handed to the caller as it is
            outcome.set_exception(exc)

    # Not threading.Thread: its start() waits without end for a thread that memory failed at birth.
    _thread.start_new_thread(run, ())
    try:
        return outcome.result(seconds)
    except TimeoutError as exc:
        if outcome.done():
            raise
        raise NotTaken(Refusal.DEADLINE, f"no whole answer within {seconds:g} s") from exc


class Wire:
    """The connection to one server. Thread-safe; opens nothing before the first call."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._generation: Generation | None = None
        self._http: httpx.Client | None = None
        self._client: InfluxDBClient | None = None
        self._opening = threading.Lock()

    def generation(self) -> Generation:
        """Ask once which server this is.

        Raises:
            NotTaken: when nothing answers, or what answers is no InfluxDB.
        """
        if self._generation is None:
            reply = self._request("GET", "/ping")
            version = reply.headers.get("x-influxdb-version", "")
            major = re.match(r"v?(\d+)\.", version)
            if major is None or major.group(1) not in tuple(Generation):
                raise NotTaken(
                    Refusal.MISSING,
                    f"{self.server.url} answers {reply.status_code} to /ping and is no InfluxDB"
                    f" that is known here (version {version!r})",
                )
            self._generation = Generation(major.group(1))
        return self._generation

    def post(self, lines: bytes) -> Answer:
        """Send lines with times in ns.

        Raises:
            NotTaken: when no answer came.
        """
        if self.generation() is Generation.TWO:
            return self._call(lambda: self._post_v2(lines))
        # Never a precision: 1.x takes "us" for nanoseconds without a word, 2.x does so with "u".
        reply = self._request(
            "POST",
            "/write",
            params={"db": self.server.database},
            content=gzip.compress(lines, compresslevel=1),
            headers={"content-encoding": "gzip", "content-type": "text/plain; charset=utf-8"},
        )
        return _read(reply)

    def query(self, statement: str, parameters: Mapping[str, Scalar]) -> list[Found]:
        """Ask one InfluxQL statement with bound parameters (``$name``).

        Raises:
            NotTaken: when no answer came, or the server refused it; a 200 can hold an error too.
        """
        reply = self._request(
            "POST",
            "/query",
            params={"db": self.server.database, "epoch": "ns"},
            data={"q": statement, "params": json.dumps(dict(parameters))},
        )
        if reply.status_code != 200:
            raise _not_taken(_read(reply))
        try:
            found = msgspec.json.decode(reply.content, type=_Reply)
        except msgspec.DecodeError as exc:
            raise NotTaken(Refusal.BROKEN, f"query: the answer is no JSON: {exc}") from exc
        errors = [found.error, *(result.error for result in found.results)]
        for error in filter(None, errors):
            missing = "not found" in error
            raise NotTaken(Refusal.MISSING if missing else Refusal.BROKEN, f"query: {error}")
        return [series for result in found.results for series in result.series]

    def create_database(self) -> None:
        """Create the database or bucket when it is missing; 3 does so by itself on writing.

        Raises:
            NotTaken: when it is missing and this account may not create it.
        """
        generation = self.generation()
        if generation is Generation.ONE:
            name = self.server.database.replace("\\", "\\\\").replace('"', '\\"')
            days = self.server.retention_days
            self.query(
                f'CREATE DATABASE "{name}"' + (f" WITH DURATION {days}d" if days else ""), {}
            )
        elif generation is Generation.TWO:
            self._call(self._create_bucket)

    def close(self) -> None:
        """Close connections, also those of calls that were left behind."""
        with self._opening:
            http, self._http = self._http, None
            client, self._client = self._client, None
        if http is not None:
            http.close()
        if client is not None:
            client.close()  # type: ignore[no-untyped-call]

    def _call(self, call: Callable[[], _T]) -> _T:
        """Run a call against the clock, with every way of not being answered told as one."""
        try:
            return within(self.server.deadline_s, call)
        except NotTaken:
            self.close()
            raise
        except ApiException as exc:
            raise _not_taken(_answer_of(exc)) from exc
        except (httpx.HTTPError, urllib3.exceptions.HTTPError, OSError) as exc:
            raise NotTaken(Refusal.UNREACHABLE, f"{self.server.url}: {exc}") from exc

    def _request(self, method: str, path: str, **options: object) -> httpx.Response:
        return self._call(lambda: self._open_http().request(method, path, **options))  # type: ignore[arg-type]

    def _post_v2(self, lines: bytes) -> Answer:
        api = self._open_client().write_api(write_options=SYNCHRONOUS)
        try:
            api.write(bucket=self.server.database, record=lines, write_precision=_NANOSECONDS)
        except InfluxDBError as exc:
            if not isinstance(exc, ApiException):
                raise NotTaken(Refusal.BROKEN, str(exc)) from exc
            return _answer_of(exc)
        return Answer(outcome=Outcome.TAKEN)

    def _create_bucket(self) -> None:
        buckets = self._open_client().buckets_api()
        if buckets.find_bucket_by_name(self.server.database) is None:  # type: ignore[no-untyped-call]
            keep = self.server.retention_days * 86_400
            rules = BucketRetentionRules(type="expire", every_seconds=keep)  # type: ignore[no-untyped-call]
            buckets.create_bucket(bucket_name=self.server.database, retention_rules=rules)

    def _open_http(self) -> httpx.Client:
        with self._opening:
            if self._http is None:
                self._http = httpx.Client(
                    base_url=self.server.url,
                    timeout=self.server.deadline_s,
                    auth=(self.server.user, self.server.secret or "") if self.server.user else None,
                    headers=self._token_header(),
                )
            return self._http

    def _token_header(self) -> dict[str, str]:
        token = self.server.secret if self.server.user is None else None
        return {"authorization": f"Token {token}"} if token else {}

    def _open_client(self) -> InfluxDBClient:
        with self._opening:
            if self._client is None:
                self._client = InfluxDBClient(
                    url=self.server.url,
                    token=self.server.secret or "",
                    org=self.server.org,
                    timeout=int(self.server.deadline_s * 1000),
                    enable_gzip=True,
                )
            return self._client


def _read(reply: httpx.Response) -> Answer:
    return read_answer(reply.status_code, reply.text, reply.headers, datetime.now(UTC))


def _answer_of(exc: ApiException) -> Answer:
    body = exc.body.decode(errors="replace") if isinstance(exc.body, bytes) else str(exc.body)
    headers = {name.lower(): value for name, value in (exc.headers or {}).items()}
    return read_answer(exc.status or 0, body, headers, datetime.now(UTC))


def _not_taken(answer: Answer) -> NotTaken:
    refusal = answer.refusal or Refusal.BROKEN
    return NotTaken(refusal, answer.message, retry_after_s=answer.retry_after_s)


def numeric(values: msgspec.Raw) -> bytes:
    """Return the rows of a numeric answer with -0 as -0.0: InfluxDB writes a float without its point."""
    return _NEGATIVE_ZERO.sub(b"-0.0", bytes(values))
