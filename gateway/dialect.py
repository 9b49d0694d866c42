"""Which MQTT is spoken with a broker: 5 where it can, 3.1.1 otherwise; and what only 5 can say.

By MQTT 5 the broker keeps our session for as long as we say, sends no more than we can hold, drops
what we sent once it is too old to be of use, and says why it refuses or leaves.
"""

from enum import StrEnum

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.endpoint import Endpoint, Version, tls_context

SESSION_KEPT_S = 7 * 86_400
"""How long the broker keeps what comes while we are away; promised are 72 h (docs/reliability.md)."""
_MOST_UNSENT = 10_000
_CONNECT_SECONDS = 5.0


class Reason(StrEnum):
    """Why a broker ends or refuses something, where it matters what we do about it."""

    UNSUPPORTED_VERSION = "unsupported_version"
    TAKEN_OVER = "taken_over"
    """Somebody else connected under our client id."""
    NOT_AUTHORIZED = "not_authorized"
    """The account lacks an access line, or its password is wrong."""
    BUSY = "busy"
    SHUTTING_DOWN = "shutting_down"
    BANNED = "banned"
    KEEP_ALIVE = "keep_alive"
    """It heard nothing of us for too long."""
    TOO_LARGE = "too_large"
    RATE = "rate"
    QUOTA = "quota"
    ADMINISTRATIVE = "administrative"
    MOVED = "moved"
    OTHER = "other"


_REASONS = {
    132: Reason.UNSUPPORTED_VERSION,
    134: Reason.NOT_AUTHORIZED,
    135: Reason.NOT_AUTHORIZED,
    137: Reason.BUSY,
    138: Reason.BANNED,
    139: Reason.SHUTTING_DOWN,
    141: Reason.KEEP_ALIVE,
    142: Reason.TAKEN_OVER,
    147: Reason.RATE,
    149: Reason.TOO_LARGE,
    150: Reason.RATE,
    151: Reason.QUOTA,
    152: Reason.ADMINISTRATIVE,
    156: Reason.MOVED,
    157: Reason.MOVED,
    159: Reason.RATE,
    160: Reason.QUOTA,
}
"""MQTT 5, table 2-6; codes below 128 are no refusals."""
TOLD = frozenset(_REASONS.values()) - {Reason.UNSUPPORTED_VERSION, Reason.TAKEN_OVER}
"""Those that people hear of as they are; the others are dealt with, or told in a way of their own."""


def reason_of(code: ReasonCode) -> Reason:
    """Return what a reason code of the broker means to us."""
    return _REASONS.get(code.value, Reason.OTHER)


class Dialect:
    """Finds out what a broker speaks, and makes a client of it for every connection.

    A broker that refuses version 5 is asked in 3.1.1 from then on. One that does not answer at all
    may only have been starting: it is asked in 3.1.1 once, and in 5 again the next time.
    """

    def __init__(self, endpoint: Endpoint, client_id: str, receive_maximum: int) -> None:
        """``receive_maximum``: so many messages of QoS 1 may be under way to us (MQTT 5, 3.1.2.11.3).

        Raises:
            StartError: when a certificate file cannot be used.
        """
        self._endpoint = endpoint
        self._client_id = client_id
        self._receive_maximum = receive_maximum
        self._wanted = Version.V5 if endpoint.version is Version.AUTO else endpoint.version
        self._is_open = endpoint.version is Version.AUTO
        self.version = self.spoken = self._wanted
        """The one to speak on the next connection, and on the present one."""
        self._tls = tls_context(endpoint) if endpoint.tls else None

    def was_answered(self, reason: Reason) -> None:
        """Take the broker's answer to CONNECT."""
        if self._is_open and reason is Reason.UNSUPPORTED_VERSION:
            self._wanted, self._is_open = Version.V311, False
        self.version = self._wanted

    def was_not_answered(self) -> None:
        """Take note that the broker closed the connection, or kept silent, instead of answering."""
        if self._is_open:
            self.version = Version.V311 if self.version is Version.V5 else Version.V5

    def client(self) -> paho.Client:
        """Return a client that will connect as the endpoint says, with a session that is kept.

        A new one for every connection: what an old one had not sent is not sent late by this one.
        """
        self.spoken = self.version
        end, is_five = self._endpoint, self.spoken is Version.V5
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=None if is_five else False,
            protocol=paho.MQTTv5 if is_five else paho.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = _CONNECT_SECONDS
        client.max_queued_messages_set(_MOST_UNSENT)
        client.max_inflight_messages_set(1000)
        if end.user is not None:
            client.username_pw_set(end.user, end.password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        client.connect_async(
            end.host,
            end.port,
            keepalive=end.keepalive_s,
            clean_start=False if is_five else paho.MQTT_CLEAN_START_FIRST_ONLY,
            properties=self._kept() if is_five else None,
        )
        return client

    def expiring(self, seconds: int) -> Properties | None:
        """Return what lets the broker drop a message so many seconds after it was sent."""
        if self.spoken is not Version.V5:
            return None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = seconds
        return properties

    def _kept(self) -> Properties:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_KEPT_S
        properties.ReceiveMaximum = self._receive_maximum
        return properties
