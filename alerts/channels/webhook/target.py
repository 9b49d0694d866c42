"""Where a webhook may go: one public address, looked up once and then really used.

A name that resolves to a private address, or to another one the second time, would make us knock on
doors inside the building's own network (server-side request forgery).
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import TypeAlias

import httpx

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_EMBEDS_IPV4 = tuple(ipaddress.ip_network(one) for one in ("64:ff9b::/96", "2002::/16"))


class RefusedTarget(Exception):
    """An address that webhooks may not go to."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """A URL with the address in the place of the name, and what the server has to be called."""

    url: httpx.URL
    host: str
    """The Host header."""
    server_name: str
    """The name that its certificate must bear."""


def may_go_to(address: _Address, *, allow_private: bool) -> bool:
    """Tell whether webhooks may go to an address: public, or private where that is allowed."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return may_go_to(address.ipv4_mapped, allow_private=allow_private)
        if any(address in network for network in _EMBEDS_IPV4):
            return False
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    return address.is_global or (allow_private and (address.is_private or address.is_loopback))


async def pin(url: httpx.URL, *, allow_private: bool) -> Pinned:
    """Look a URL's name up and return the URL pinned to its address.

    Raises:
        RefusedTarget: when any of its addresses is one that webhooks may not go to.
        OSError: when the name does not resolve.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    except UnicodeError as exc:  # a label of 0 or more than 63 letters: no server is even asked
        raise socket.gaierror(socket.EAI_NONAME, f"{url.host} can be no host's name") from exc
    addresses = [ipaddress.ip_address(info[4][0]) for info in found]
    for address in addresses:
        if not may_go_to(address, allow_private=allow_private):
            raise RefusedTarget(f"{url.host} is {address}, where webhooks may not go")
    return Pinned(
        url=url.copy_with(host=str(addresses[0])), host=url.netloc.decode(), server_name=url.host
    )
