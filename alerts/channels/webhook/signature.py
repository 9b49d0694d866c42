"""How a webhook is signed, and how a receiver verifies it. Pure."""

import hashlib
import hmac

DELIVERY_HEADER = "Gengfu-Delivery"
"""The delivery's id: the same id again is the same notification."""
TIMESTAMP_HEADER = "Gengfu-Timestamp"
"""Seconds since 1970 UTC when this attempt was signed."""
SIGNATURE_HEADER = "Gengfu-Signature"
"""``v1=`` and the HMAC-SHA256 of ``<timestamp>.<body>`` in hexadecimal."""


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Return the value of the signature header."""
    message = b"%d." % timestamp + body
    return "v1=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def verify(secret: str, timestamp: int, body: bytes, signature: str) -> bool:
    """Tell whether a signature is right, in constant time. Also check how old the timestamp is."""
    return hmac.compare_digest(sign(secret, timestamp, body).encode(), signature.encode())
