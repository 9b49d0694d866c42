"""The door: signing in and out, and whose a request is. What happens here is in the audit trail."""

import structlog

from gengfu.core.clock import Micros
from gengfu.people.accounts import Account, Accounts, normal_login
from gengfu.people.audit import AuditTrail
from gengfu.people.sessions import Sessions
from gengfu.people.setup import SetUp
from gengfu.people.throttle import Throttle
from gengfu.people.tokens import ApiToken, Tokens

_log = structlog.get_logger()
_SET_UP = "set-up"
"""Stands for the address in the throttle of refused set-ups. Anyone can ask for one at any time: the
token is looked at every time, but only so many refusals get a line in a trail that is kept for ever."""


class Gate:
    """Puts accounts, sessions, tokens, set-up, throttle and audit together."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        sessions: Sessions,
        tokens: Tokens,
        setup: SetUp,
        audit: AuditTrail,
        throttle: Throttle,
    ) -> None:
        self.accounts = accounts
        self.sessions = sessions
        self.tokens = tokens
        self.setup = setup
        self.audit = audit
        self.throttle = throttle

    def wait(self, login: str, address: str, *, at: Micros) -> Micros:
        """Return how long this login from this address has to wait; 0 = it may try."""
        return self.throttle.wait(normal_login(login), address, at)

    def sign_in(self, login: str, password: str, *, address: str, at: Micros) -> str | None:
        """Open a session and return its secret; None when it does not fit or is tried too often."""
        login = normal_login(login)
        if not self.throttle.take(login, address, at):
            _log.info("sign_in_throttled", address=address)
            return None
        account = self.accounts.check(login, password)
        if account is None:
            self.audit.add(at=at, actor="", action="sign_in_failed", subject=login, detail=address)
            return None
        self.throttle.succeeded(login, address)
        secret = self.sessions.open(account.id, address=address, at=at)
        self.audit.add(at=at, actor=account.id, action="sign_in", detail=address)
        return secret

    def sign_out(self, session: str, *, at: Micros) -> None:
        """End a session; an unknown one is no error."""
        account = self.sessions.account_of(session, at=at)
        self.sessions.revoke(session)
        if account is not None:
            self.audit.add(at=at, actor=account.id, action="sign_out")

    def by_session(self, session: str, *, at: Micros) -> Account | None:
        """Return whose session it is, unless ended, revoked or expired."""
        return self.sessions.account_of(session, at=at)

    def by_token(self, token: str, *, at: Micros) -> ApiToken | None:
        """Return the API token, unless revoked or expired."""
        return self.tokens.find(token, at=at)

    def set_up(self, token: str, login: str, password: str, *, at: Micros) -> bool:
        """Make the first administrator; False when the token does not fit.

        Raises:
            BadInput: login or password are not acceptable.
        """
        done = self.setup.use(token, login, password, at=at)
        if done:
            self.audit.add(at=at, actor="", action="set_up", subject=login)
        elif self.throttle.take("", _SET_UP, at):
            self.audit.add(at=at, actor="", action="set_up_refused", subject=login)
        return done
