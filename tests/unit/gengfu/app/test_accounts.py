"""Accounts from the command line: who forgot his password or was shut out gets in again."""

from pathlib import Path

import pytest

from gengfu.app import accounts
from gengfu.config import Settings
from gengfu.core.clock import SECOND
from gengfu.core.errors import BadInput
from gengfu.people.roles import Role

OLD, NEW = "first long password", "second long password"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(data=tmp_path)
    accounts.add_account(made, "boss", "Boss", Role.ADMIN, OLD)
    accounts.add_account(made, "wang", "Wang", Role.GUARD, OLD)
    return made


def _may(settings: Settings, password: str) -> bool:
    return accounts.gate(settings).accounts.check("wang", password) is not None


@pytest.mark.parametrize("given", [NEW, None])
def test_a_forgotten_password_shuts_out_for_ever(settings: Settings, given: str | None) -> None:
    """A new one, chosen or made, is the only one that fits, and every session ends."""
    gate, now = accounts.gate(settings), settings.clock.clock().now()
    session = gate.sign_in("wang", OLD, address="", at=now)
    assert session is not None
    made = accounts.set_password(settings, " Wang", given)
    assert (_may(settings, OLD), _may(settings, made)) == (False, True)
    assert gate.by_session(session, at=now + SECOND) is None
    assert given is None or made == given


def test_who_was_disabled_never_comes_in_again(settings: Settings) -> None:
    """Disabled he is refused; enabled he is let in with the same password."""
    accounts.disable_account(settings, "wang")
    assert not _may(settings, OLD)
    accounts.disable_account(settings, "wang", disabled=False)
    assert _may(settings, OLD)


def test_an_unknown_login_or_a_weak_password_is_taken(settings: Settings) -> None:
    """Both are refused with a sentence, and nothing changes."""
    with pytest.raises(BadInput, match="no such account"):
        accounts.set_password(settings, "nobody", NEW)
    with pytest.raises(BadInput, match="password"):
        accounts.set_password(settings, "wang", "1")
    assert _may(settings, OLD)
