"""Where a broker is, as whom we speak to it, and what TLS needs for that."""

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from gengfu.core.errors import StartError


class Version(StrEnum):
    """Which MQTT to speak."""

    AUTO = "auto"
    """5, or 3.1.1 where the broker does not understand it."""
    V5 = "5"
    V311 = "3.1.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a broker is and as whom we speak to it."""

    host: str
    port: int = 1883
    version: Version = Version.AUTO
    tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    """None = the machine's own authorities."""
    certificate_file: Path | None = None
    key_file: Path | None = None
    keepalive_s: int = 15
    first_wait_s: float = 0.2
    longest_wait_s: float = 5.0


def tls_context(end: Endpoint) -> ssl.SSLContext:
    """Return what a TLS connection to a broker needs.

    Raises:
        StartError: when a certificate file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=end.ca_file)
        if end.certificate_file is not None:
            context.load_cert_chain(end.certificate_file, end.key_file)
    except (OSError, ValueError) as exc:
        files = [end.ca_file, end.certificate_file, end.key_file]
        named = ", ".join(str(file) for file in files if file is not None)
        raise StartError(f"the broker's TLS files cannot be used ({named}): {exc}") from exc
    return context
