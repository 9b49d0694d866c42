"""Passwords: which are acceptable, and how they are kept.

argon2id with 64 MiB and three passes (RFC 9106, section 4, second recommended option). Long before
complex: NIST SP 800-63B, section 5.1.1.2.
"""

import base64
import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from gengfu.core.said import Said, said

LEAST = 10
MOST = 256
AT_ONCE = 2
"""So many are computed at a time: each takes 64 MiB, and anyone may knock."""


def weakness(password: str, login: str) -> Said | None:
    """Return why a password is not acceptable; None when it is."""
    if len(password) < LEAST:
        return said("needs at least {} characters", LEAST)
    if len(password) > MOST:
        return said("has more than {} characters", MOST)
    if login.casefold() in password.casefold():
        return said("contains the login")
    if len(set(password)) < 4:
        return said("repeats too few characters")
    return None


class Passwords:
    """Hashes and verifies; a stranger's password costs as much as an account's."""

    def __init__(self, *, memory_kib: int = 64 * 1024, passes: int = 3) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._turn = threading.BoundedSemaphore(AT_ONCE)
        self._nobody = _made_up(memory_kib, passes)

    def hash(self, password: str) -> str:
        """Return a password's hash with its own salt and parameters."""
        with self._turn:
            return self._hasher.hash(_normal(password))

    def fits(self, password: str, hashed: str | None) -> bool:
        """Tell whether a password is the hashed one; for None (no account) False, as slowly."""
        with self._turn:
            try:
                self._hasher.verify(hashed or self._nobody, _normal(password[: MOST + 1]))
            except (VerifyMismatchError, VerificationError, InvalidHashError):
                return False
        return hashed is not None

    def is_outdated(self, hashed: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hashed)


def _made_up(memory_kib: int, passes: int) -> str:
    """Return a hash that no password has: it need not be computed, checking it costs as much."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32)
    )
    return f"$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${digest}"


def _normal(password: str) -> bytes:
    """The same keys on another keyboard make the same bytes (NFKC, as NIST SP 800-63B says)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
