"""Who may speak on the broker, and as whom: accounts, their passwords and access lines.

Both brokers, Mosquitto and the embedded one, read the same two files: ``passwords`` in Mosquitto's
format and ``acl`` with one block per account. Passwords are generated, shown once and kept only as
hashes. A plain device's account may speak for itself; a controller's, by the ledger's parent
relation, also for those it speaks for. Access is listed, never patterned: ``%u`` in a pattern
cannot tell a device's site.
"""

import base64
import hmac
import os
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import pbkdf2_hmac
from pathlib import Path

from gateway import topics
from gengfu.core.batch import TopicKind
from gengfu.core.errors import BadInput, Fault
from gengfu.core.naming import is_slug
from gengfu.core.said import said
from gengfu.durable import replace_file
from gengfu.ledger.model import SiteLedger
from gengfu.ledger.own import OWN_CORE, OWN_SITE

# Mosquitto's own number. A generated password of 192 random bits cannot be guessed at any number,
# and a thousand devices that reconnect at once must not be kept waiting.
_ITERATIONS = 101
_SALT_BYTES = 12
_HASH_BYTES = 64


class Access(StrEnum):
    """What an access line allows, in Mosquitto's words."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Line:
    """One access line: an account may read or write topics that match a filter."""

    access: Access
    filter: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account's name and all it may do."""

    name: str
    lines: tuple[Line, ...]


def device_account(ledgers: Iterable[SiteLedger], equipment: str, root: str) -> Account:
    """Return the account of an equipment: for itself and for those it speaks for.

    Raises:
        BadInput: when no ledger has the equipment.
    """
    for ledger in ledgers:
        if equipment in ledger.equipment:
            speaks_for = (equipment, *ledger.children_of(equipment))
            return Account(equipment, _device_lines(ledger.site.id, speaks_for, root))
    raise BadInput.of(
        "ledger", equipment, said("there is no such equipment"), said("import it first")
    )


def bridge_account(name: str, filters: Sequence[str], taken: Collection[str], root: str) -> Account:
    """Return the account of a foreign device or bridge, which may use some topics that are not ours.

    Raises:
        BadInput: when its name is ``taken`` or none, or a filter would reach our own topics.
    """
    faults = [
        Fault(
            "--topic",
            one,
            said("would let it speak as any device"),
            said("name a beginning of its own, such as zigbee2mqtt/#"),
        )
        for one in filters
        if one.split("/")[0] in ("", "+", "#", root) or one.startswith("$")
    ]
    if not is_slug(name) or name in taken:
        faults.append(
            Fault("account", name, said("is somebody else's, or no name"), said("use a-z, 0-9, -"))
        )
    if faults:
        raise BadInput(faults)
    both = (Access.WRITE, Access.READ)
    return Account(name, tuple(Line(access, one) for one in filters for access in both))


def estate_account(name: str, ledgers: Iterable[SiteLedger], root: str) -> Account:
    """Return an account that speaks for everything, such as the simulators'."""
    lines = [_device_lines(one.site.id, tuple(one.equipment), root) for one in ledgers]
    return Account(name, tuple(line for block in lines for line in block))


def core_account(name: str, root: str) -> Account:
    """Return our own account: hears every device, tells every device, sends its own canary."""
    return Account(
        name,
        (
            Line(Access.READ, f"{root}/+/+/up/#"),
            Line(Access.READ, topics.DROPPED),
            Line(Access.WRITE, f"{root}/+/+/down/#"),
            Line(Access.WRITE, topics.up(OWN_SITE, OWN_CORE, TopicKind.EVENT, root)),
        ),
    )


def _device_lines(site: str, equipment: Sequence[str], root: str) -> tuple[Line, ...]:
    return tuple(
        line
        for one in equipment
        for line in (
            Line(Access.WRITE, f"{root}/{site}/{one}/up/#"),
            Line(Access.READ, f"{root}/{site}/{one}/down/#"),
        )
    )


def new_password() -> str:
    """Return a new password of 192 random bits."""
    return secrets.token_urlsafe(24)


def hash_password(password: str) -> str:
    """Return a password as Mosquitto keeps it: ``$7$`` is PBKDF2 with SHA-512."""
    salt = os.urandom(_SALT_BYTES)
    digest = _derive(password, salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${_base64(salt)}${_base64(digest)}"


def is_password(password: str, hashed: str) -> bool:
    """Tell whether a password is the one that was hashed; false for any text that is no hash."""
    if "\0" in password:
        return False  # HMAC pads its keys with zeros: it would fit what it only begins with
    try:
        _, kind, iterations, salt, digest = hashed.split("$")
        if kind != "7":
            return False
        derived = _derive(password, base64.b64decode(salt), int(iterations))
        return hmac.compare_digest(derived, base64.b64decode(digest))
    except ValueError:
        return False


def _derive(password: str, salt: bytes, iterations: int) -> bytes:
    return pbkdf2_hmac("sha512", password.encode(), salt, iterations, _HASH_BYTES)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


@dataclass(frozen=True, slots=True)
class AccountFiles:
    """The two files a broker reads, in a folder of their own, readable by their owner only."""

    folder: Path

    @property
    def passwords_file(self) -> Path:
        return self.folder / "passwords"

    @property
    def acl_file(self) -> Path:
        return self.folder / "acl"

    def passwords(self) -> Mapping[str, str]:
        """Return the hashed passwords by account."""
        lines = _lines_of(self.passwords_file)
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def set_password(self, account: str, password: str) -> None:
        """Keep an account's password, replacing the one it had."""
        _write_private(
            self.passwords_file,
            _password_lines({**self.passwords(), account: hash_password(password)}),
        )

    def revoke(self, account: str) -> None:
        """Forget an account: it can no longer connect, and may do nothing."""
        kept = {name: one for name, one in self.passwords().items() if name != account}
        _write_private(self.passwords_file, _password_lines(kept))
        self.allow([one for one in self.accounts().values() if one.name != account])

    def accounts(self) -> Mapping[str, Account]:
        """Return the accounts of the access file by name."""
        return read_acl(_lines_of(self.acl_file))

    def allow(self, accounts: Iterable[Account]) -> None:
        """Write what accounts may do: these and no others."""
        blocks = (
            [f"user {one.name}", *(f"topic {line.access} {line.filter}" for line in one.lines), ""]
            for one in sorted(accounts, key=lambda one: one.name)
        )
        _write_private(self.acl_file, [line for block in blocks for line in block])

    def add(self, account: Account) -> str:
        """Add an account, or give it a new password; return the password, which is not kept."""
        password = new_password()
        self.allow({**self.accounts(), account.name: account}.values())
        self.set_password(account.name, password)
        return password

    def refresh(self, ledgers: Sequence[SiteLedger], root: str = topics.DEFAULT_ROOT) -> None:
        """Rewrite the devices' access lines after the ledger changed; other accounts stay."""
        known = {id_ for ledger in ledgers for id_ in ledger.equipment}
        self.allow(
            device_account(ledgers, name, root) if name in known else one
            for name, one in self.accounts().items()
        )


def read_acl(lines: Iterable[str]) -> Mapping[str, Account]:
    """Read access lines in Mosquitto's format; what stands before any ``user`` is for nobody."""
    found: dict[str, list[Line]] = {}
    current: list[Line] | None = None
    for line in lines:
        words = line.split(" ", 2)
        if words[0] == "user" and len(words) == 2:
            current = found.setdefault(words[1], [])
        elif current is not None and len(words) == 3 and words[1] in tuple(Access):
            current.append(Line(Access(words[1]), words[2]))
    return {name: Account(name, tuple(block)) for name, block in found.items()}


def covers(allowed: str, wanted: str) -> bool:
    """Tell whether every topic that ``wanted`` (a topic or a filter) means is in ``allowed``."""
    have, want = allowed.split("/"), wanted.split("/")
    for number, level in enumerate(have):
        if level == "#":
            return True
        if number >= len(want) or want[number] == "#":
            return False
        if level not in ("+", want[number]):
            return False
    return len(have) == len(want)


def _lines_of(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _password_lines(passwords: Mapping[str, str]) -> list[str]:
    return [f"{name}:{hashed}" for name, hashed in sorted(passwords.items())]


def _write_private(file: Path, lines: Iterable[str]) -> None:
    """Replace a file as a whole: a broker that reads it now sees the old one or the new one."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(file, "".join(f"{line}\n" for line in lines).encode("utf-8"))
