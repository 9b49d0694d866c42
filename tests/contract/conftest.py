"""A fresh readings store behind each adapter: DuckDB, the real InfluxDB 1.x, and a fake 2.9.1."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from ingest.store.duckdb import DuckdbStore
from ingest.store.influx import InfluxStore
from ingest.store.wire import Server, Wire
from tests.fakes.influx import TOKEN, influx
from tests.integration.services import influxdb

_number = itertools.count(1)


AnyStore = DuckdbStore | InfluxStore


class Opened(Protocol):
    """Opens the same store again, as a restarted desk does."""

    def __call__(self) -> AnyStore: ...


@pytest.fixture(scope="package")
def influx1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    with ExitStack() as stack:
        urls: list[str] = []

        def start() -> str:
            if not urls:
                urls.append(stack.enter_context(influxdb(tmp_path_factory.mktemp("influxdb"))))
            return urls[0]

        yield start


@pytest.fixture(params=["duckdb", "influxdb 1.x", "influxdb 2.x (fake)"])
def opened(
    request: pytest.FixtureRequest, tmp_path: Path, influx1: Callable[[], str]
) -> Iterator[Opened]:
    """A fresh store behind each adapter."""
    with ExitStack() as stack:
        if request.param == "duckdb":
            yield _reopened(lambda: DuckdbStore(tmp_path / "readings.duckdb"))
            return
        if request.param == "influxdb 1.x":
            server = Server(url=influx1(), database=f"test{next(_number)}")
        else:
            fake = stack.enter_context(influx())
            server = Server(url=fake.url, database="gengfu", secret=TOKEN)
        yield _reopened(lambda: InfluxStore(Wire(server), tmp_path))


def _reopened(make: Callable[[], AnyStore]) -> Opened:
    current: list[AnyStore] = []

    def open_again() -> AnyStore:
        if current:
            current.pop().close()
        current.append(make())
        current[0].prepare({})
        return current[0]

    return open_again


@pytest.fixture
def store(opened: Opened) -> Iterator[AnyStore]:
    store = opened()
    yield store
    store.close()
