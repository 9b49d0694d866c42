"""A site's ledger as bytes: what LEDGER records of the journal and rows of the database carry."""

import msgspec

from gengfu.ledger.model import SiteLedger

_decoder = msgspec.msgpack.Decoder(SiteLedger)


def encode(ledger: SiteLedger) -> bytes:
    """Write a ledger as MessagePack; equal ledgers in equal order give equal bytes."""
    return msgspec.msgpack.encode(ledger)


def decode(document: bytes) -> SiteLedger:
    """Read a ledger.

    Raises:
        ValueError: when the bytes are no ledger.
    """
    try:
        return _decoder.decode(document)
    except msgspec.DecodeError as exc:
        raise ValueError(f"not a ledger: {exc}") from exc
