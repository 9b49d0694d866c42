"""Who may do what on the embedded broker: amqtt's two questions, answered by the account files.

amqtt's own plug-ins do not do: its access lists permit every publish when none is given, it never
asks about a last will, and it takes over a session's user name before the password was looked at.
"""

from dataclasses import dataclass
from pathlib import Path

import structlog
from amqtt.contexts import Action, BaseContext
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from gateway.accounts import Access, Account, AccountFiles, covers, is_password

_log = structlog.get_logger(__name__)

_ACCOUNT = "gengfu.account"
"""The session attribute that says whose password was right. The session's ``username`` is only what
the last CONNECT claimed, right or wrong."""
_MOST_REPORTED = 1_000


class _Gate:
    """What the account files say now: they are read again whenever they change."""

    def __init__(self, folder: Path) -> None:
        self._files = AccountFiles(folder)
        self._seen: tuple[object, ...] | None = None
        self._passwords: dict[str, str] = {}
        self._accounts: dict[str, Account] = {}

    def is_right(self, account: str, password: str) -> bool:
        self._refresh()
        hashed = self._passwords.get(account)
        return hashed is not None and is_password(password, hashed)

    def is_account(self, name: str) -> bool:
        self._refresh()
        return name in self._passwords

    def may(self, account: str, access: Access, topic: str) -> bool:
        self._refresh()
        known = self._accounts.get(account)
        if known is None or account not in self._passwords:
            return False
        return any(line.access is access and covers(line.filter, topic) for line in known.lines)

    def _refresh(self) -> None:
        seen = (_stamp(self._files.passwords_file), _stamp(self._files.acl_file))
        if seen != self._seen:
            self._passwords = dict(self._files.passwords())
            self._accounts = dict(self._files.accounts())
            self._seen = seen


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        stat = file.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_ino


@dataclass
class _Config:
    folder: str = ""


class Accounts(BaseAuthPlugin):  # type: ignore[misc]
    """Lets in who has an account and its password, and claims nobody else's client id or will."""

    Config = _Config

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._gate = _Gate(Path(context.config.folder))

    async def authenticate(self, *, session: Session) -> bool:
        """Judge a CONNECT; a refused one leaves no will behind."""
        refused = self._refusal(session)
        if refused is None:
            session.attributes[_ACCOUNT] = session.username
            return True
        session.will_flag = False
        _log.warning("connection_refused", client=session.client_id, reason=refused)
        return False

    def _refusal(self, session: Session) -> str | None:
        account, client = session.username or "", session.client_id or ""
        if not self._gate.is_right(account, session.password or ""):
            return "wrong account or password"
        owner = client.split(".", 1)[0]
        if owner != account and self._gate.is_account(owner):
            return f"the client id belongs to account {owner}"
        if session.attributes.get(_ACCOUNT, account) != account:
            return "the client id is another account's"
        will = session.will_topic if session.will_flag else None
        if will is not None and not self._gate.may(account, Access.WRITE, will):
            return f"account {account} lacks the ACL 'topic write {will}' for its last will"
        return None


class AccessLines(BaseTopicPlugin):  # type: ignore[misc]
    """Lets an account publish, subscribe and receive what its lines say, and nothing else."""

    Config = _Config

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._gate = _Gate(Path(context.config.folder))
        self._reported: set[tuple[str, str]] = set()

    async def topic_filtering(
        self,
        *,
        session: Session | None = None,
        topic: str | None = None,
        action: Action | None = None,
    ) -> bool:
        """Judge one action on one topic or filter; deny what is not understood."""
        account = session.attributes.get(_ACCOUNT) if session is not None else None
        if account is None or not topic or action is None:
            return False
        access = Access.WRITE if action is Action.PUBLISH else Access.READ
        allowed = self._gate.may(account, access, topic)
        if not allowed and action is not Action.RECEIVE:
            self._report(account, f"topic {access} {topic}")
        return allowed

    def _report(self, account: str, line: str) -> None:
        """Log a refusal once: MQTT 3.1.1 cannot tell the device."""
        if (account, line) in self._reported or len(self._reported) >= _MOST_REPORTED:
            return
        self._reported.add((account, line))
        _log.warning("refused", account=account, missing_acl=line)
