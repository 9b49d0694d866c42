"""Which of the 64 partitions a site belongs to. No record mixes sites, so a rule never looks across."""

PARTITIONS = 64
EVERY_PARTITION = 255
"""The mark of records that concern all sites: ticks, names, rule sets."""

_OFFSET_BASIS = 0x811C9DC5
_PRIME = 0x01000193


def fnv1a_32(data: bytes) -> int:
    """Return the 32-bit FNV-1a hash (Fowler, Noll, Vo; IETF draft-eastlake-fnv)."""
    digest = _OFFSET_BASIS
    for byte in data:
        digest = ((digest ^ byte) * _PRIME) & 0xFFFFFFFF
    return digest


def partition_of(site: str) -> int:
    """Return the partition of a site, 0 to 63; NATS's deterministic subject mapping uses the same."""
    return fnv1a_32(site.encode()) % PARTITIONS
