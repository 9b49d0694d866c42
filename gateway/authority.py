"""A small certificate authority for devices that sign in with a certificate instead of a password.

One authority for an installation: its key lies in the secrets, readable by its owner only; its
certificate and the list of revoked ones lie where the broker reads them. A device's certificate
names its account (CN), the only thing that the broker looks at. Nothing here knows brokers.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gengfu.durable import replace_file

AUTHORITY_DAYS = 3650
DEVICE_DAYS = 730
"""Two years: a device is visited more often than that."""
LIST_DAYS = 3650
"""A list of revoked certificates that expired would lock every device out."""
_EARLIER = timedelta(days=1)
"""Clocks of devices and brokers differ: what is issued now holds since yesterday."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A device's certificate and private key, PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """Issues and revokes devices' certificates; made on first use."""

    def __init__(self, secrets: Path, public: Path) -> None:
        """``secrets``: where the key lies; ``public``: where the broker reads."""
        self._key_file = secrets / "devices-ca.key"
        self._index_file = secrets / "devices-ca.json"
        self.certificate_file = public / "devices-ca.crt"
        self.revoked_file = public / "devices.crl"

    def issue(self, account: str, now: datetime) -> Issued:
        """Issue a certificate for an account; those before it go on to be good until revoked."""
        authority, key = self._open(now)
        own = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(account))
            .issuer_name(authority.subject)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _EARLIER)
            .not_valid_after(now + timedelta(days=DEVICE_DAYS))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(key, hashes.SHA256())
        )
        index = self._index()
        index.setdefault(account, {})[str(certificate.serial_number)] = ""
        self._keep(index)
        return Issued(certificate.public_bytes(serialization.Encoding.PEM), _private(own))

    def revoke(self, account: str, now: datetime) -> int:
        """Revoke all certificates of an account; return how many were good."""
        index = self._index()
        good = [serial for serial, at in index.get(account, {}).items() if not at]
        if good:
            index[account].update(dict.fromkeys(good, now.isoformat()))
            self._keep(index)
            self._write_revoked(*self._open(now), now)
        return len(good)

    def _open(self, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        with suppress(FileNotFoundError):
            key = serialization.load_pem_private_key(self._key_file.read_bytes(), password=None)
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            return x509.load_pem_x509_certificate(self.certificate_file.read_bytes()), key
        return self._found(now)

    def _found(self, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Gengfu devices")
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _EARLIER)
            .not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_SIGNS, critical=True)
            .sign(key, hashes.SHA256())
        )
        _write(self._key_file, _private(key))
        _write(self.certificate_file, certificate.public_bytes(serialization.Encoding.PEM))
        self._write_revoked(certificate, key, now)
        return certificate, key

    def _write_revoked(
        self, authority: x509.Certificate, key: ec.EllipticCurvePrivateKey, now: datetime
    ) -> None:
        revoked = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(authority.subject)
            .last_update(now - _EARLIER)
            .next_update(now + timedelta(days=LIST_DAYS))
        )
        for serial, at in self._revoked():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
            revoked = revoked.add_revoked_certificate(entry.build())
        signed = revoked.sign(key, hashes.SHA256())
        _write(self.revoked_file, signed.public_bytes(serialization.Encoding.PEM))

    def _revoked(self) -> Iterator[tuple[int, datetime]]:
        for serials in self._index().values():
            for serial, at in serials.items():
                if at:
                    yield int(serial), datetime.fromisoformat(at).astimezone(UTC)

    def _index(self) -> dict[str, dict[str, str]]:
        """Return by account its serial numbers, each with when it was revoked (empty: it is good)."""
        with suppress(FileNotFoundError):
            found: dict[str, dict[str, str]] = json.loads(self._index_file.read_bytes())
            return found
        return {}

    def _keep(self, index: dict[str, dict[str, str]]) -> None:
        _write(self._index_file, json.dumps(index, indent=1).encode())


_SIGNS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(file: Path, content: bytes) -> None:
    """Write a file that only its owner may read."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(file, content)
