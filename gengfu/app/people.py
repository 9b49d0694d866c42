"""The accounts as the pages ask for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboards.web.ports import Visitor
from gengfu.core.clock import Micros
from gengfu.people.accounts import Account
from gengfu.people.gate import Gate


@dataclass(frozen=True, slots=True)
class WebPeople:
    """The gate as the web application asks for it."""

    gate: Gate

    def wait(self, login: str, address: str, *, at: Micros) -> Micros:
        return self.gate.wait(login, address, at=at)

    def sign_in(self, login: str, password: str, *, address: str, at: Micros) -> str | None:
        return self.gate.sign_in(login, password, address=address, at=at)

    def sign_out(self, session: str, *, at: Micros) -> None:
        self.gate.sign_out(session, at=at)

    def by_session(self, session: str, *, at: Micros) -> Visitor | None:
        account = self.gate.by_session(session, at=at)
        return None if account is None else _visitor(account)

    def by_token(self, token: str, *, at: Micros) -> Visitor | None:
        found = self.gate.by_token(token, at=at)
        if found is None:
            return None
        return Visitor(id=found.id, name=found.name, roles=frozenset({found.role}), is_person=False)

    def awaits_setup(self) -> bool:
        return self.gate.setup.is_waiting()

    def set_up(self, token: str, login: str, password: str, *, at: Micros) -> bool:
        return self.gate.set_up(token, login, password, at=at)

    def names(self) -> Mapping[str, str]:
        return self.gate.accounts.names()

    def everybody(self) -> Sequence[Visitor]:
        return [_visitor(one) for one in self.gate.accounts.all() if not one.disabled]


def _visitor(account: Account) -> Visitor:
    return Visitor(
        id=account.id,
        name=account.name,
        roles=account.roles,
        sites=account.sites,
        language=account.language,
    )
