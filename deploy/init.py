"""Make what an installation by compose needs once: keys, certificates, accounts, tokens.

Nothing has a default password. ``secrets`` runs before anything else, without a network, and gives
each service a folder with only what it may know; what exists is kept, so it is safe to run again.
``tokens`` runs when InfluxDB is up and makes the scoped tokens of desk and Grafana with the
all-access one, which nobody else ever sees.
"""

import argparse
import os
import secrets
import subprocess
import tempfile
from pathlib import Path

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.authorization import Authorization
from influxdb_client.domain.permission import Permission
from influxdb_client.domain.permission_resource import PermissionResource

from gateway.accounts import AccountFiles, core_account

GENGFU_UID = 10001
"""Of core and desk, and of Mosquitto, which reads the account files that they write."""
INFLUXDB_UID = 1000
GRAFANA_UID = 472
FOLDERS = ("authority", "broker", "accounts", "gengfu", "influxdb", "grafana")
CERTIFICATE_DAYS = 825
CORE_ACCOUNT = "gengfu"
BUCKET = "gengfu"
ORG = "gengfu"


def make_secrets(root: Path, hosts: list[str], topic_root: str) -> None:
    """Make every secret that is missing, in a folder below ``root`` for each who may know it.

    ``hosts`` are the names and addresses by which devices reach the broker.
    """
    folders = [root / name for name in FOLDERS]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    authority, broker, accounts, gengfu, influxdb, grafana = folders
    if not (broker / "broker.crt").exists():
        _make_certificates(authority, broker, hosts)
    _write(gengfu / "ca.crt", (broker / "ca.crt").read_text())
    if not (gengfu / "broker-password").exists():
        password = AccountFiles(accounts).add(core_account(CORE_ACCOUNT, topic_root))
        _write(gengfu / "broker-password", password)
    _write(influxdb / "username", "admin")
    _make_secret(influxdb / "password")
    _make_secret(influxdb / "admin-token")
    _make_secret(grafana / "admin-password")


def own(root: Path, broker_data: Path | None) -> None:
    """Give each folder to the user of its service, readable by nobody else."""
    owners = {"authority": 0, "influxdb": INFLUXDB_UID, "grafana": GRAFANA_UID}
    for folder in (root / name for name in FOLDERS if (root / name).exists()):
        uid = owners.get(folder.name, GENGFU_UID)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)
            os.chown(path, uid, uid)
    if broker_data is not None:
        os.chown(broker_data, GENGFU_UID, GENGFU_UID)


def make_tokens(url: str, root: Path) -> None:
    """Make the scoped tokens that are missing: desk reads and writes our bucket, Grafana reads it."""
    wanted = {
        root / "gengfu" / "influxdb-token": (("read", "write"), "{}"),
        root / "grafana" / "influxdb-authorization": (("read",), "Token {}"),
    }
    admin = (root / "influxdb" / "admin-token").read_text().strip()
    with InfluxDBClient(url=url, token=admin, org=ORG) as client:
        bucket = client.buckets_api().find_bucket_by_name(BUCKET)
        for file, (actions, form) in wanted.items():
            if not file.exists():
                resource = PermissionResource(  # type: ignore[no-untyped-call]
                    type="buckets", id=bucket.id, org_id=bucket.org_id
                )
                permissions = [
                    Permission(action=one, resource=resource)  # type: ignore[no-untyped-call]
                    for one in actions
                ]
                made = client.authorizations_api().create_authorization(
                    authorization=Authorization(  # type: ignore[no-untyped-call]
                        org_id=bucket.org_id,
                        permissions=permissions,
                        description=f"gengfu {file.parent.name}",
                    )
                )
                _write(file, form.format(made.token))


def _make_certificates(authority: Path, broker: Path, hosts: list[str]) -> None:
    """Make an authority of our own and the broker's certificate, by openssl.

    The authority's key stays in its own folder, which no service is given.
    """
    names = [f"{'IP' if _is_address(host) else 'DNS'}:{host}" for host in hosts]
    days = ("-days", str(CERTIFICATE_DAYS))
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    ca, ours = authority / "ca", broker / "broker"
    _openssl(
        *("req", "-x509", *key, *days, "-subj", "/CN=Gengfu CA"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        *("-keyout", f"{ca}.key", "-out", f"{ca}.crt"),
    )
    _openssl(
        *("req", *key, "-subj", "/CN=Gengfu broker"),
        *("-keyout", f"{ours}.key", "-out", f"{authority}/broker.csr"),
    )
    extensions = authority / "broker.ext"
    _write(extensions, f"subjectAltName={','.join(names)}\nextendedKeyUsage=serverAuth\n")
    _write(broker / "ca.crt", Path(f"{ca}.crt").read_text())
    _openssl(
        *("x509", "-req", *days, "-in", f"{authority}/broker.csr", "-extfile", str(extensions)),
        *("-CA", f"{ca}.crt", "-CAkey", f"{ca}.key", "-CAcreateserial", "-out", f"{ours}.crt"),
    )


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)  # noqa: S603, S607


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _make_secret(file: Path) -> None:
    if not file.exists():
        _write(file, secrets.token_urlsafe(32))


def _write(file: Path, content: str) -> None:
    """Replace a file as a whole, readable by its owner only."""
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as output:
        output.write(content)
    Path(name).replace(file)


def main() -> None:
    """Run one of the two steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=("secrets", "tokens"))
    parser.add_argument("--folder", type=Path, default=Path("/secrets"))
    parser.add_argument("--broker-data", type=Path, help="the broker's folder, to be given to it")
    parser.add_argument("--host", action="append", default=[], help="a name of the broker")
    parser.add_argument("--root", default="gf", help="the MQTT root")
    parser.add_argument("--url", default="http://influxdb:8086")
    asked = parser.parse_args()
    if asked.step == "secrets":
        make_secrets(asked.folder, ["mosquitto", "localhost", "127.0.0.1", *asked.host], asked.root)
    else:
        make_tokens(asked.url, asked.folder)
    if os.geteuid() == 0:
        own(asked.folder, asked.broker_data)


if __name__ == "__main__":
    main()
