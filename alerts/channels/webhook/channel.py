"""Posts signed notifications. One attempt: no redirects, no proxy, no retry of its own."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

import httpx

from alerts.channels.port import Delivered, Delivery, Failed
from alerts.channels.webhook.signature import (
    DELIVERY_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    sign,
)
from alerts.channels.webhook.target import RefusedTarget, pin
from alerts.settings import WebhookTarget
from gengfu.core.clock import SECOND, Micros

_HEARD_BYTES = 64 * 1024
_HEARD_S = 1.0
_KEPT_S = 2.0
"""For a burst; receivers close idle connections after five seconds and more, and who writes then fails."""


class Webhook:
    """One receiver. It has the notification when it answers 2xx."""

    def __init__(self, target: WebhookTarget) -> None:
        self.name = f"webhook:{target.name}"
        self._target = target
        self._timeout_s = target.timeout / SECOND
        self._client = httpx.AsyncClient(
            timeout=self._timeout_s,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(keepalive_expiry=_KEPT_S),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def send(self, delivery: Delivery, *, now: Micros) -> Delivered | Failed:
        """Try once, within the target's time limit."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(delivery, now // SECOND)
        except TimeoutError:
            return Failed("timeout")
        except RefusedTarget as exc:
            return Failed(f"refused target: {exc}")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
            return Failed(f"{type(exc).__name__}: {exc}")

    async def _post(self, delivery: Delivery, timestamp: int) -> Delivered | Failed:
        pinned = await pin(httpx.URL(self._target.url), allow_private=self._target.allow_private)
        headers = {
            "Host": pinned.host,
            "Content-Type": "application/json",
            "User-Agent": "Gengfu",
            DELIVERY_HEADER: delivery.id,
            TIMESTAMP_HEADER: str(timestamp),
            SIGNATURE_HEADER: sign(self._target.secret, timestamp, delivery.body),
        }
        async with self._client.stream(
            "POST",
            pinned.url,
            content=delivery.body,
            headers=headers,
            extensions={"sni_hostname": pinned.server_name},
        ) as answer:
            status = answer.status_code
            await _hear_out(answer)
        return Delivered() if 200 <= status < 300 else Failed(f"answered {status}")


async def _hear_out(answer: httpx.Response) -> None:
    """Read an answer's end: its content is nobody's business, but the next one needs the connection.

    What is long or slow is left in the middle; its connection is closed.
    """
    size = 0
    with suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(_HEARD_S):
            async for part in answer.aiter_raw():
                size += len(part)
                if size > _HEARD_BYTES:
                    return
