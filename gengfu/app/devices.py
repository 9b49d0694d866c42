"""What installers do with devices' accounts: add, revoke, check; and telling the broker of it."""

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gateway.accounts import Account, AccountFiles, bridge_account, device_account
from gateway.authority import Authority
from gateway.commissioning import Finding, Place, check
from gateway.endpoint import Endpoint
from gateway.unmapped import UnmappedFile, meant_by
from gengfu.app.broker import CORE_ACCOUNT, SIMULATOR_ACCOUNT, endpoint_of
from gengfu.app.given_files import classes_of
from gengfu.app.ledgers import ledgers_of
from gengfu.config import Settings
from gengfu.core.clock import SystemClock, to_iso, to_utc
from gengfu.core.errors import BadInput
from gengfu.core.naming import Scalar
from gengfu.core.said import said
from gengfu.installation import Installation


def unmapped_names(settings: Settings) -> Sequence[Mapping[str, Scalar]]:
    """Return the points and event types that no class has, the most frequent first."""
    classes = classes_of(settings)
    kept = UnmappedFile(Installation(settings.data).unmapped).read()
    return [
        {
            "equipment": one.equipment or None,
            "said": one.said.value,
            "name": one.name,
            "meant": meant_by(one, classes.get(one.equipment_class)),
            "count": one.count,
            "last_value": one.last_value,
            "last_at": to_iso(one.last_at),
        }
        for one in kept.names
    ]


def add_device(
    settings: Settings, equipment: str, folder: Path | None, topics: Sequence[str] = ()
) -> str:
    """Give a device an account on the broker and return its password, which is not kept.

    With ``topics`` it is a foreign device's or a bridge's, which may use these and no others.

    Raises:
        BadInput: when the ledger does not have the equipment, or a bridge asks for our own topics.
    """
    files = _files(settings, folder)
    return files.add(_account(settings, equipment, topics))


def certify_device(
    settings: Settings,
    equipment: str,
    folder: Path | None,
    into: Path,
    topics: Sequence[str] = (),
) -> tuple[Path, Path]:
    """Give a device an account and a certificate; return the files of certificate and key.

    Raises:
        BadInput: as ``add_device``, or when the files cannot be written.
    """
    files = _files(settings, folder)
    account = _account(settings, equipment, topics)
    issued = _authority(settings, files).issue(account.name, to_utc(SystemClock().now()))
    certificate, key = into / f"{equipment}.crt", into / f"{equipment}.key"
    try:
        into.mkdir(parents=True, exist_ok=True)
        certificate.write_bytes(issued.certificate)
        key.touch(mode=0o600)
        key.write_bytes(issued.key)
    except OSError as exc:
        raise BadInput.of(
            "--certificate", str(into), said("cannot be written: {}", exc.strerror or exc)
        ) from exc
    files.allow({**files.accounts(), account.name: account}.values())
    return certificate, key


def revoke_device(settings: Settings, equipment: str, folder: Path | None) -> int:
    """Take a device's account, password and certificates away; return how many certificates.

    Raises:
        BadInput: when there is no such account.
    """
    files = _files(settings, folder)
    if equipment not in files.accounts():
        raise BadInput.of("account", equipment, said("there is no such account on the broker"))
    files.revoke(equipment)
    return _authority(settings, files).revoke(equipment, to_utc(SystemClock().now()))


async def check_device(settings: Settings, equipment: str, device: Endpoint) -> Sequence[Finding]:
    """Check a device's account from both ends; see ``gateway.commissioning``.

    ``device`` carries password or certificate; where the broker is, the settings say.

    Raises:
        BadInput: when the ledger does not have the equipment, or has nothing beside it.
        aiomqtt.MqttError: Gengfu's own account is refused, or the broker is not there.
    """
    place = Installation(settings.data)
    ours = endpoint_of(settings, place)
    theirs = replace(
        ours,
        user=equipment,
        password=device.password,
        ca_file=device.ca_file or ours.ca_file,
        certificate_file=device.certificate_file,
        key_file=device.key_file,
    )
    return await check(theirs, ours, _place_of(settings, equipment))


def access_lines(settings: Settings, folder: Path | None) -> str:
    """Bring the broker's access lines up to date with the ledger and return them."""
    files = _files(settings, folder)
    files.refresh(ledgers_of(Installation(settings.data)), settings.broker.root)
    return files.acl_file.read_text(encoding="utf-8")


def tell_broker(settings: Settings) -> str:
    """Make the broker read its accounts again; return what is left to do (empty: nothing)."""
    if settings.broker.embedded:
        return ""
    file = settings.broker.pid_file
    if file is None:
        return (
            "make Mosquitto read its accounts again: kill -HUP its process (or set broker.pid_file)"
        )
    try:
        os.kill(int(file.read_text(encoding="ascii")), signal.SIGHUP)
    except (OSError, ValueError) as exc:
        return f"Mosquitto was not told ({exc}): kill -HUP its process"
    return ""


def _account(settings: Settings, equipment: str, topics: Sequence[str]) -> Account:
    ledgers = ledgers_of(Installation(settings.data))
    root = settings.broker.root
    if not topics:
        return device_account(ledgers, equipment, root)
    taken = {CORE_ACCOUNT, SIMULATOR_ACCOUNT, *(id_ for one in ledgers for id_ in one.equipment)}
    return bridge_account(equipment, topics, taken, root)


def _files(settings: Settings, folder: Path | None) -> AccountFiles:
    return AccountFiles(folder or Installation(settings.data).broker)


def _authority(settings: Settings, files: AccountFiles) -> Authority:
    return Authority(Installation(settings.data).secrets, files.folder)


def _place_of(settings: Settings, equipment: str) -> Place:
    for ledger in ledgers_of(Installation(settings.data)):
        if equipment in ledger.equipment:
            own = {equipment, *ledger.children_of(equipment)}
            other = next((one for one in ledger.equipment if one not in own), "somebody-else")
            return Place(
                site=ledger.site.id, equipment=equipment, other=other, root=settings.broker.root
            )
    raise BadInput.of(
        "ledger", equipment, said("there is no such equipment"), said("import it first")
    )
