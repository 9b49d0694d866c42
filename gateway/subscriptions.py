"""Which topics a session asks for, and which of them the broker refused."""

from collections.abc import Sequence

import paho.mqtt.client as paho
from paho.mqtt.reasoncodes import ReasonCode


class Subscriptions:
    """The filters of one session; they can be changed while it is connected."""

    def __init__(self, filters: Sequence[str]) -> None:
        self.filters = tuple(filters)
        self._asked: dict[int, Sequence[str]] = {}
        """SUBSCRIBE's message id → what it asked for, until it is answered."""

    def begin(self, client: paho.Client, retired: Sequence[str] = ()) -> None:
        """Ask for everything on a new connection; ``retired`` are the broker's to forget."""
        self._asked.clear()
        self.drop(client, retired)
        self._ask(client, self.filters)

    def change(self, client: paho.Client, filters: Sequence[str]) -> None:
        """Ask for other topics than before; at once where there is a connection."""
        before, self.filters = self.filters, tuple(filters)
        self.drop(client, before)
        new = [topic for topic in self.filters if topic not in before]
        if new and client.is_connected():
            self._ask(client, new)

    def drop(self, client: paho.Client, filters: Sequence[str]) -> list[str]:
        """Ask no more for those of some filters that are not ours; return them."""
        old = [topic for topic in filters if topic not in self.filters]
        if old and client.is_connected():
            client.unsubscribe(old)
        return old

    def refused(self, mid: int, codes: Sequence[ReasonCode]) -> list[str] | None:
        """Return which filters an answer refuses; None when it answers nothing of ours."""
        asked = self._asked.pop(mid, None)
        if asked is None:
            return None
        return [topic for topic, code in zip(asked, codes, strict=False) if code.is_failure]

    def _ask(self, client: paho.Client, filters: Sequence[str]) -> None:
        _, mid = client.subscribe([(topic, 1) for topic in filters])
        if mid is not None:
            self._asked[mid] = filters
