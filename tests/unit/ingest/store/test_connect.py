"""Which store a URL means."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from gengfu.config import StoreSettings
from gengfu.core.errors import StartError
from ingest.store.connect import connect, server_of
from ingest.store.duckdb import DuckdbStore
from ingest.store.influx import InfluxStore


@pytest.mark.parametrize(
    ("url", "base", "database"),
    [
        ("influxdb://host", "http://host:8086", "gengfu"),
        ("influxdb://host:8186/estate", "http://host:8186", "estate"),
        ("influxdbs://host/estate/", "https://host:8086", "estate"),
        ("influxdb://[::1]:8086/estate", "http://[::1]:8086", "estate"),
    ],
)
def test_an_address_is_misread(url: str, base: str, database: str) -> None:
    """Host, port, TLS and database are as the URL says, with the usual port and our own name."""
    server = server_of(StoreSettings(url=url))
    assert (server.url, server.database) == (base, database)


def test_a_url_opens_another_store(tmp_path: Path) -> None:
    """``duckdb`` lies in the data folder or where the URL says; an InfluxDB is not asked anything."""
    connect(StoreSettings(), tmp_path).close()
    connect(StoreSettings(url=f"duckdb://{tmp_path}/other.duckdb"), tmp_path).close()
    assert {path.name for path in tmp_path.iterdir()} == {"readings.duckdb", "other.duckdb"}
    assert isinstance(
        connect(StoreSettings(url="influxdb://nowhere.invalid"), tmp_path), InfluxStore
    )


@pytest.mark.parametrize("url", ["postgres://host/db", "influxdb:", "readings.duckdb"])
def test_a_wrong_url_is_a_traceback(url: str, tmp_path: Path) -> None:
    """What means no store is refused with what to write."""
    with pytest.raises((StartError, ValidationError), match="influxdb://host:8086"):
        connect(StoreSettings(url=url), tmp_path)


def test_the_file_is_open_elsewhere(tmp_path: Path) -> None:
    """A file that is no DuckDB is one sentence, not a traceback."""
    (tmp_path / "readings.duckdb").write_bytes(b"not a database, and longer than its header" * 9)
    with pytest.raises(StartError, match="readings store"):
        DuckdbStore(tmp_path / "readings.duckdb")
