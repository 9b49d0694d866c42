"""Secrets that mean nothing: random, shown once, kept as a digest.

They have 256 random bits, so a plain digest is enough; what is stored lets nobody in.
"""

import hashlib
import secrets


def new_secret(prefix: str = "") -> str:
    """Return a fresh secret, fit for a cookie or a header."""
    return prefix + secrets.token_urlsafe(32)


def new_id() -> str:
    """Return a fresh identifier that is no secret."""
    return secrets.token_hex(8)


def digest_of(secret: str) -> str:
    """Return what is stored of a secret: 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
