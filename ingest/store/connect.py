"""Which store the settings mean. The one place that knows every adapter."""

from pathlib import Path
from urllib.parse import urlsplit

from gengfu.config import StoreSettings
from gengfu.core.errors import StartError
from ingest.store.duckdb import DuckdbStore
from ingest.store.influx import InfluxStore
from ingest.store.wire import Server, Wire

DATABASE = "gengfu"


def connect(settings: StoreSettings, data: Path, *, threads: int = 0) -> DuckdbStore | InfluxStore:
    """Return the store of ``duckdb``, ``duckdb:///path``, ``influxdb://host:port/db`` or ``influxdbs://…``.

    No network is used: which InfluxDB it is shows in ``prepare``. ``data`` is the installation's
    folder; the DuckDB file or the cursor of an InfluxDB lives in it. ``threads``: see ``DuckdbStore``.

    Raises:
        StartError: when the URL means no store, or a file cannot be opened.
    """
    url = urlsplit(settings.url)
    if settings.url == "duckdb" or url.scheme == "duckdb":
        path = Path(url.path) if url.scheme and url.path else data / "readings.duckdb"
        return DuckdbStore(path, threads=threads)
    if url.scheme not in ("influxdb", "influxdbs") or not url.hostname:
        raise StartError(
            f"{settings.url!r} is no readings store: write duckdb or influxdb://host:8086/database"
        )
    return InfluxStore(Wire(server_of(settings)), data)


def server_of(settings: StoreSettings) -> Server:
    """Return the InfluxDB that the settings mean."""
    url = urlsplit(settings.url)
    scheme = "https" if url.scheme == "influxdbs" else "http"
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
    return Server(
        url=f"{scheme}://{host}:{url.port or 8086}",
        database=url.path.strip("/") or DATABASE,
        org=settings.org,
        user=settings.user,
        secret=settings.secret(),
        retention_days=settings.retention_days,
    )
