"""Where webhooks may go, and how they are signed."""

import ipaddress

import httpx
import pytest

from alerts.channels.port import Delivery, Failed
from alerts.channels.webhook import Webhook
from alerts.channels.webhook.signature import sign, verify
from alerts.channels.webhook.target import RefusedTarget, may_go_to, pin
from alerts.settings import WebhookTarget

INSIDE = ("127.0.0.1", "10.0.0.8", "192.168.1.1", "172.16.3.4", "::1", "fd00::1", "::ffff:10.0.0.8")
NEVER = (
    "169.254.169.254",
    "fe80::1",
    "::ffff:169.254.169.254",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "64:ff9b::a00:8",
    "2002:a00:8::1",
)
OUTSIDE = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")


@pytest.mark.parametrize(
    ("address", "open_door", "private"),
    [(one, False, True) for one in INSIDE]
    + [(one, False, False) for one in NEVER]
    + [(one, True, True) for one in OUTSIDE],
)
def test_a_webhook_knocks_inside(address: str, open_door: bool, private: bool) -> None:
    """Public addresses are allowed, private ones only by setting, link-local and odd ones never."""
    parsed = ipaddress.ip_address(address)
    assert may_go_to(parsed, allow_private=False) is open_door
    assert may_go_to(parsed, allow_private=True) is private


async def test_a_name_is_looked_up_twice() -> None:
    """A URL is pinned to the address that was checked; host and certificate name stay."""
    pinned = await pin(httpx.URL("https://localhost:8443/hook?x=1"), allow_private=True)
    assert pinned.url.host in {"127.0.0.1", "::1"}
    assert (pinned.url.port, pinned.url.raw_path) == (8443, b"/hook?x=1")
    assert (pinned.host, pinned.server_name) == ("localhost:8443", "localhost")


@pytest.mark.parametrize(
    "url", ["http://localhost/", "http://127.1/", "http://[::1]/", "http://2130706433/"]
)
async def test_an_odd_spelling_of_loopback_passes(url: str) -> None:
    """However loopback is spelt, it is refused."""
    with pytest.raises(RefusedTarget):
        await pin(httpx.URL(url), allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://alarm..example.com/x",
        f"https://{'a' * 64}.example.com/",
        "https://[",
        "https://a:b/",
    ],
)
async def test_a_mistyped_address_raises(url: str) -> None:
    """An address that nobody can look up is a failed attempt, as a name that nobody has."""
    delivery = Delivery(
        id="d", alert="a", channel="c", what="opened", body=b"{}", created_at=0, attempts=0
    )
    async with Webhook(WebhookTarget(name="w", url=url, secret="s")) as hook:
        assert isinstance(await hook.send(delivery, now=0), Failed)


def test_a_changed_byte_still_verifies() -> None:
    """A signature holds for this secret, time and body only. The figure is HMAC-SHA256's own."""
    signature = sign("s3cret", 1763600000, b'{"a":1}')
    assert verify("s3cret", 1763600000, b'{"a":1}', signature)
    assert not verify("s3cret", 1763600001, b'{"a":1}', signature)
    assert not verify("s3cret", 1763600000, b'{"a":2}', signature)
    assert not verify("other", 1763600000, b'{"a":1}', signature)
    assert not verify("s3cret", 1763600000, b'{"a":1}', "v1=é")
