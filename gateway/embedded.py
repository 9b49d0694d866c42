"""The broker for trying Gengfu out: amqtt in a process of its own, on loopback, with accounts.

Run as ``python -m gateway.embedded CONFIG``. It promises less than Mosquitto: messages that a killed
subscriber had not acknowledged do not come back, and nothing survives its own restart. Events are
safe all the same, because a device resends them until *we* acknowledge.
"""

import asyncio
import ipaddress
import logging
import signal
import sys
import warnings
from collections.abc import Callable, ItemsView, Iterator
from pathlib import Path
from typing import Any

import msgspec
import structlog
from amqtt.broker import Broker
from amqtt.errors import AMQTTError, BrokerError
from amqtt.mqtt.constants import QOS_1
from amqtt.session import Session
from structlog.typing import Processor

from gateway.embedded_access import AccessLines, Accounts
from gengfu.core.errors import StartError

_log = structlog.get_logger(__name__)

_STOP_S = 3.0


class EmbeddedSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the child process is told, as a JSON file."""

    accounts: str
    """The folder of the account files."""
    host: str = "127.0.0.1"
    port: int = 1883
    most_connections: int = 1_000

    def write(self, file: Path) -> None:
        """Write the settings where the child reads them."""
        file.write_bytes(msgspec.json.encode(self))


def read_settings(file: Path) -> EmbeddedSettings:
    """Read the child's settings.

    Raises:
        StartError: when they cannot be read, or would open a port beyond loopback.
    """
    try:
        settings = msgspec.json.decode(file.read_bytes(), type=EmbeddedSettings)
        loopback = ipaddress.ip_address(settings.host).is_loopback
    except (OSError, ValueError) as exc:
        raise StartError(f"{file}: {exc}") from exc
    if not loopback:
        raise StartError(f"the embedded broker listens on loopback only, not on {settings.host}")
    return settings


class _Subscriptions(dict[str, list[tuple[Session, int]]]):
    """Filter → who subscribed, that can be gone through while clients come and go."""

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.keys()))

    def items(self) -> ItemsView[str, list[tuple[Session, int]]]:  # type: ignore[override]
        """Return what stands there now, as a copy."""
        return {topic: list(sessions) for topic, sessions in super().items()}.items()


class EmbeddedBroker(Broker):  # type: ignore[misc]
    """amqtt with three of its habits mended (0.12.1).

    It hands a returning client everybody's retained messages; it marks what waited for the client
    as retained, which would make an alarm that was raised meanwhile look like an old one; and it
    drops a message when a client subscribes while the message is being handed out.
    """

    def __init__(self, config: dict[str, Any], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(config, loop=loop)
        self._subscriptions: dict[str, list[tuple[Session, int]]] = _Subscriptions()

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        topic, _ = subscription
        holders = self.subscriptions.get(topic, ())
        if any(one.client_id == session.client_id for one, _ in holders):
            await super()._publish_retained_messages_for_subscription(subscription, session)

    async def _publish_session_retained_messages(self, session: Session) -> None:
        handler = self._get_handler(session)
        waiting = []
        while handler is not None and not session.retained_messages.empty():
            message = session.retained_messages.get_nowait()
            sent = handler.mqtt_publish(message.topic, message.data, message.qos or QOS_1, False)
            waiting.append(asyncio.ensure_future(sent))
        if waiting:
            await asyncio.wait(waiting)


def _broker_config(settings: EmbeddedSettings) -> dict[str, Any]:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    folder = {"folder": settings.accounts}
    return {
        "listeners": {
            "default": {
                "type": "tcp",
                "bind": f"{host}:{settings.port}",
                "max_connections": settings.most_connections,
            }
        },
        "plugins": {
            f"{Accounts.__module__}.{Accounts.__name__}": folder,
            f"{AccessLines.__module__}.{AccessLines.__name__}": folder,
        },
    }


async def serve(settings: EmbeddedSettings, *, ready: Callable[[], None] | None = None) -> None:
    """Run the broker until SIGTERM or SIGINT; ``ready`` is called once it listens.

    Raises:
        StartError: when the port cannot be opened.
    """
    _hush()
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    broker = EmbeddedBroker(_broker_config(settings), loop=loop)
    try:
        await broker.start()
    except BrokerError as exc:
        raise StartError(f"the broker cannot listen on port {settings.port}: {exc}") from exc
    _log.info("broker_listening", host=settings.host, port=settings.port)
    if ready is not None:
        ready()
    await stop.wait()
    try:
        async with asyncio.timeout(_STOP_S):
            await broker.shutdown()
    except (TimeoutError, AMQTTError) as exc:
        _log.warning("broker_stopped_hard", reason=str(exc))
    _log.info("broker_stopped")


def _hush() -> None:
    """Keep amqtt's talk to what is new: while core takes nothing, every message is a traceback."""
    for noisy in ("amqtt", "transitions"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    logging.getLogger("amqtt.broker").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], TimeoutError))


def _log_as_json() -> None:
    """Make every line of this process one JSON object on standard error, amqtt's too."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                render,
            ],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    warnings.simplefilter("ignore")


def main(arguments: list[str]) -> int:
    """Run the child process; return its exit code."""
    _log_as_json()
    if len(arguments) != 1:
        _log.error("wrong_arguments", usage="python -m gateway.embedded CONFIG")
        return 2
    try:
        asyncio.run(serve(read_settings(Path(arguments[0]))))
    except StartError as exc:
        _log.error("broker_cannot_start", reason=str(exc))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
