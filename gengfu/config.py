"""The settings of one installation: one typed tree, every mistake reported at once.

Sources, the stronger first: the command line, the environment (``GENGFU_BROKER__URL``), a YAML file.
Every secret can stand in a file of its own (``…_file``) and prints as ``***``. Reading the settings
opens no connection.
"""

import os
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from yaml.constructor import SafeConstructor

from gengfu.core.clock import SECOND, Clock, Micros, ScaledClock, SystemClock, from_iso
from gengfu.core.errors import BadInput, Fault
from gengfu.core.said import Misread, said
from gengfu.core.urgency import Response
from gengfu.marked import compose, not_yaml, read_text
from gengfu.pydantic_problems import in_words

ENVIRONMENT_PREFIX = "GENGFU_"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _secret(value: SecretStr | None, file: Path | None) -> str | None:
    """Return a secret given directly or in a file of its own.

    Raises:
        BadInput: when the file cannot be read.
    """
    if value is not None:
        return value.get_secret_value()
    return read_text(file).strip() if file is not None else None


def _without_password(url: str) -> str:
    """Return an address that may be shown and logged.

    Raises:
        ValueError: when a password stands in it.
    """
    if urlsplit(url).password is not None:
        raise Misread(said("an address is shown and logged: give the password by its own setting"))
    return url


_FEWEST_RAW_DAYS = 7


class BrokerSettings(_Part):
    """Where the devices' messages come from."""

    url: str = "embedded"
    """``embedded``, ``mqtt://host:1883`` or ``mqtts://host:8883``."""
    port: int = Field(default=1883, ge=1, le=65535)
    """Where the embedded broker listens, on the loopback interface."""
    mqtt: Literal["auto", "5", "3.1.1"] = "auto"
    """The version to speak; ``auto`` = 5, or 3.1.1 where the broker does not understand it."""
    user: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    pid_file: Path | None = None
    """Of a Mosquitto on this machine: it is told to read changed accounts again."""
    root: str = Field(default="gf", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    client_id: str = Field(default="gengfu", pattern=r"^[A-Za-z0-9_-]{1,40}$")

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str) -> str:
        if url != "embedded" and urlsplit(url).scheme not in ("mqtt", "mqtts"):
            raise Misread(said("write 'embedded', mqtt://host:port or mqtts://host:port"))
        if url != "embedded" and not urlsplit(url).hostname:
            raise Misread(said("names no host"))
        return _without_password(url)

    @property
    def embedded(self) -> bool:
        return self.url == "embedded"

    @property
    def address(self) -> str:
        """Return the broker's URL, also when it is our own."""
        return f"mqtt://127.0.0.1:{self.port}" if self.embedded else self.url

    def secret(self) -> str | None:
        """Return the account's password."""
        return _secret(self.password, self.password_file)


class KeepSettings(_Part):
    """For how many days readings and their roll-ups are kept; 0 = for ever."""

    raw_days: int = Field(default=90, ge=0)
    minute_days: int = Field(default=90, ge=0)
    hour_days: int = Field(default=0, ge=0)

    @field_validator("raw_days")
    @classmethod
    def _not_below_what_may_still_come(cls, days: int) -> int:
        if 0 < days < _FEWEST_RAW_DAYS:
            raise Misread(
                said(
                    "write 0 or at least {}: late readings may be 72 h behind, and are rolled up again with the others of their hour",
                    _FEWEST_RAW_DAYS,
                )
            )
        return days


class StoreSettings(_Part):
    """Where the readings are kept."""

    url: str = "duckdb"
    """``duckdb``, ``duckdb:///path``, ``influxdb://host:8086/database`` or ``influxdbs://…`` (TLS)."""
    org: str = "gengfu"
    user: str | None = None
    token: SecretStr | None = None
    token_file: Path | None = None
    """The token of InfluxDB 2 and 3, the password of 1."""
    retention_days: int = Field(default=0, ge=0)
    """0 = kept for ever. The server's own, applied when a bucket is created; what comes later than
    that is refused by the server. ``keep`` needs no such thing."""
    keep: KeepSettings = KeepSettings()
    keep_class: dict[str, KeepSettings] = {}
    """Other durations for an equipment class, by its name."""

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str) -> str:
        known = ("duckdb", "influxdb", "influxdbs")
        if url != "duckdb" and urlsplit(url).scheme not in known:
            raise Misread(said("write 'duckdb' or influxdb://host:8086/database"))
        if urlsplit(url).scheme.startswith("influxdb") and not urlsplit(url).hostname:
            raise Misread(said("names no host: write influxdb://host:8086/database"))
        return _without_password(url)

    def secret(self) -> str | None:
        """Return the token or password."""
        return _secret(self.token, self.token_file)


class WebSettings(_Part):
    """Where the pages and the API are served."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: str | None = None
    """As people's browsers reach it, when a proxy stands in front: https://watch.example.cn."""


class ClockSettings(_Part):
    """A clock that is not the machine's, for recordings and the demo's compressed first day."""

    start: str | None = None
    """ISO 8601 with its zone; None = the machine's clock."""
    rate: float = Field(default=1.0, gt=0, le=10_000)
    anchor: Micros | None = None
    """When (machine's µs) the clock read ``start``; the supervisor sets it once for all processes."""

    @field_validator("start")
    @classmethod
    def _is_a_time(cls, start: str | None) -> str | None:
        if start is not None:
            try:
                from_iso(start)
            except Misread as exc:
                raise Misread(
                    said("write a time with its zone, 2026-01-31T08:00:00+08:00 ({})", exc.said)
                ) from exc
        return start

    def clock(self) -> Clock:
        """Return the clock these settings describe."""
        system = SystemClock()
        if self.start is None:
            return system
        anchor = self.anchor if self.anchor is not None else system.now()
        return ScaledClock(start=from_iso(self.start), rate=self.rate, anchor=anchor)


class BeliefSettings(_Part):
    """Which device times are believed (docs/architecture.md, Time)."""

    ahead_s: int = Field(default=300, ge=0)
    behind_s: int = Field(default=72 * 3600, ge=0)

    @property
    def ahead(self) -> Micros:
        return self.ahead_s * SECOND

    @property
    def behind(self) -> Micros:
        return self.behind_s * SECOND


class JournalSettings(_Part):
    """How long the journal's archive is kept."""

    days: int = Field(default=35, ge=1)
    quota_gib: float = Field(default=20, gt=0)


class ResponseSettings(_Part):
    """What a contract says of one response class; what is not said stays as usual."""

    take_s: int | None = Field(default=None, ge=10, le=86_400)
    """Until somebody takes it."""
    arrive_s: int | None = Field(default=None, ge=10, le=86_400)
    """From its opening until somebody is on site."""


class WebhookSettings(_Part):
    """One receiver of signed notifications."""

    url: str
    secret: SecretStr | None = None
    secret_file: Path | None = None
    allow_private: bool = False
    """Private and loopback addresses are refused unless this is set."""

    @field_validator("url")
    @classmethod
    def _can_be_called(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname or "", parts.port
            host.encode("idna")  # as every look-up does first
        except ValueError as exc:
            raise Misread(
                said(
                    "can never be reached: between the dots of a host's name stand 1 to 63 letters, and a port is at most 65535"
                )
            ) from exc
        if parts.scheme not in ("http", "https"):
            raise Misread(said("write https://host/path or http://host/path"))
        if not host:
            raise Misread(said("names no host"))
        return url

    @model_validator(mode="after")
    def _is_signed(self) -> "WebhookSettings":
        if self.secret is None and self.secret_file is None:
            raise Misread(said("a webhook is signed: give secret or secret_file"))
        return self

    def key(self) -> str:
        """Return the signing secret."""
        return _secret(self.secret, self.secret_file) or ""


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    data: Path = Path("data")
    """The folder that this installation owns."""
    demo: bool = False
    broker: BrokerSettings = BrokerSettings()
    store: StoreSettings = StoreSettings()
    web: WebSettings = WebSettings()
    clock: ClockSettings = ClockSettings()
    belief: BeliefSettings = BeliefSettings()
    journal: JournalSettings = JournalSettings()
    responses: dict[Response, ResponseSettings] = {}
    """Times of the response classes that a contract says otherwise (docs/alerts.md)."""
    webhooks: tuple[WebhookSettings, ...] = ()
    classes_dir: Path | None = None
    """More equipment classes (YAML), beside the built-in ones."""
    rules_dir: Path | None = None
    """More rules (YAML), beside the built-in packs."""
    mappings: Path | None = None
    """Which foreign devices are which equipment (YAML, docs/protocols.md)."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)


def read_settings(file: Path | None) -> Settings:
    """Read the settings from a YAML file (may be None) and the environment, which is stronger.

    Raises:
        BadInput: all mistakes at once, with the file's line or the environment variable's name.
    """
    tree, lines = _read_yaml(file) if file is not None else ({}, {})
    try:
        return Settings(**tree)
    except ValidationError as exc:
        faults = [_fault(str(file or "settings"), lines, error) for error in exc.errors()]
        raise BadInput(faults) from exc


_Lines = dict[tuple[str, ...], int]


def _read_yaml(file: Path) -> tuple[dict[str, Any], _Lines]:
    text = read_text(file)
    try:
        node = compose(text)
        tree = (SafeConstructor().construct_document(node) if node else None) or {}
    except yaml.YAMLError as exc:
        raise BadInput([not_yaml(str(file), exc)]) from exc
    except ValueError as exc:
        what = said("holds a date or a number that is none: {}", exc)
        raise BadInput.of(str(file), "", what) from exc
    if not isinstance(tree, dict):
        raise BadInput.of(str(file), "1", said("must be a mapping of settings"))
    lines: _Lines = {}
    _collect_lines(node, (), lines)
    return tree, lines


def _collect_lines(node: yaml.Node | None, path: tuple[str, ...], lines: _Lines) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, str(key.value))
            lines[inner] = key.start_mark.line + 1
            _collect_lines(value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            inner = (*path, str(number))
            lines[inner] = value.start_mark.line + 1
            _collect_lines(value, inner, lines)


def _fault(file: str, lines: _Lines, error: ErrorDetails) -> Fault:
    """Say where a mistake stands: the file's line, or the environment variable that holds it."""
    path = tuple(str(step) for step in error["loc"])
    variable = ENVIRONMENT_PREFIX + "__".join(path).upper()
    unknown = said("unknown setting")
    where = said("{}: {}", ".".join(path), in_words(error, unknown=unknown))
    if variable in os.environ:
        return Fault("environment", variable, where)
    line = next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), None)
    return Fault(file, str(line) if line else "", where)
