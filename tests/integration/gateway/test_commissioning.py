"""The installer's check on a real Mosquitto: passwords, certificates, and accounts that may too much."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.accounts import AccountFiles, core_account, device_account
from gateway.authority import Authority
from gateway.commissioning import Claim, Place, check
from gateway.endpoint import Endpoint
from tests.fakes.small_estate import small_estate
from tests.integration.services import PATIENCE_S, Mosquitto, free_port, mosquitto

PLACE = Place(site="yunhe", equipment="lift-1", other="fire-panel-1")


@contextmanager
def guarded(folder: Path, *more: str) -> Iterator[tuple[Mosquitto, AccountFiles, Endpoint]]:
    """Run a Mosquitto with our account files; yield it, the files, and Gengfu's own way in."""
    files = AccountFiles(folder / "accounts")
    password = files.add(core_account("gengfu", "gf"))
    lines = (
        "allow_anonymous false",
        f"password_file {files.passwords_file}",
        f"acl_file {files.acl_file}",
    )
    broker = mosquitto(folder / "broker", *lines, *more)
    with broker.up():
        yield (
            broker,
            files,
            Endpoint(host="127.0.0.1", port=broker.port, user="gengfu", password=password),
        )


async def test_a_good_account_fails_the_check(tmp_path: Path) -> None:
    """Everything holds for an account that Gengfu made."""
    files = AccountFiles(tmp_path / "accounts")
    password = files.add(device_account([small_estate()], "lift-1", "gf"))
    with guarded(tmp_path) as (broker, _, gengfu):
        device = Endpoint(host="127.0.0.1", port=broker.port, user="lift-1", password=password)
        findings = await check(device, gengfu, PLACE, patience_s=PATIENCE_S)
    assert [one for one in findings if not one.holds] == []
    assert {one.claim for one in findings} == set(Claim)


async def test_a_wrong_password_is_a_riddle(tmp_path: Path) -> None:
    """The first line says that it cannot sign in, and where to look."""
    with guarded(tmp_path) as (broker, _, gengfu):
        device = Endpoint(host="127.0.0.1", port=broker.port, user="lift-1", password="wrong")
        (finding,) = await check(device, gengfu, PLACE, patience_s=1.0)
    assert (finding.claim, finding.holds) == (Claim.SIGNS_IN, False)


async def test_an_account_that_may_everything_passes(tmp_path: Path) -> None:
    """One that may speak and listen anywhere is found out, claim by claim."""
    files = AccountFiles(tmp_path / "accounts")
    account = device_account([small_estate()], "lift-1", "gf")
    wide = tuple(replace(line, filter="#") for line in account.lines)
    password = files.add(replace(account, lines=wide))
    with guarded(tmp_path) as (broker, _, gengfu):
        device = Endpoint(host="127.0.0.1", port=broker.port, user="lift-1", password=password)
        failed = [
            one.claim
            for one in await check(device, gengfu, PLACE, patience_s=PATIENCE_S)
            if not one.holds
        ]
    assert failed == [Claim.CANNOT_SPEAK, Claim.CANNOT_LISTEN]


async def test_a_revoked_certificate_still_opens(tmp_path: Path) -> None:
    """A certificate of our authority signs in as its device alone; revoked, it is refused."""
    accounts, now = tmp_path / "accounts", datetime.now(UTC)
    authority = Authority(tmp_path / "secrets", accounts)
    issued, other = authority.issue("lift-1", now), authority.issue("fire-panel-1", now)
    (tmp_path / "lift-1.crt").write_bytes(issued.certificate)
    (tmp_path / "lift-1.key").write_bytes(issued.key)
    files = AccountFiles(accounts)
    files.allow([device_account([small_estate()], "lift-1", "gf")])
    port, server = free_port(), _server_certificate(tmp_path)
    lines = (
        f"listener {port} 127.0.0.1",
        f"cafile {authority.certificate_file}",
        f"crlfile {authority.revoked_file}",
        *(f"{name} {file}" for name, file in server.items()),
        "require_certificate true",
        "use_identity_as_username true",
    )
    device = Endpoint(
        host="127.0.0.1",
        port=port,
        tls=True,
        ca_file=server["certfile"],
        certificate_file=tmp_path / "lift-1.crt",
        key_file=tmp_path / "lift-1.key",
    )
    with guarded(tmp_path, *lines) as (_, _, gengfu):
        findings = await check(device, gengfu, PLACE, patience_s=PATIENCE_S)
    assert [one for one in findings if not one.holds] == []
    assert authority.revoke("lift-1", now) == 1
    assert authority.revoke("lift-1", now) == 0
    with guarded(tmp_path, *lines) as (_, _, gengfu):
        (refused,) = await check(device, gengfu, PLACE, patience_s=1.0)
        assert not refused.holds
        (tmp_path / "lift-1.crt").write_bytes(other.certificate)
        (tmp_path / "lift-1.key").write_bytes(other.key)
        wrong = [
            one.claim for one in await check(device, gengfu, PLACE, patience_s=1.0) if not one.holds
        ]
    assert Claim.IS_HEARD in wrong, "one device's certificate spoke for another"


def _server_certificate(folder: Path) -> dict[str, Path]:
    """Make a broker's own certificate for loopback."""
    key, certificate = folder / "server.key", folder / "server.crt"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key)),
            *("-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return {"certfile": certificate, "keyfile": key}
