"""Who a visitor is, as the pages are told: a person, or no more than a token."""

from pathlib import Path

from gengfu.app.people import WebPeople
from gengfu.people.roles import Role
from tests.unit.gengfu.people.doors import GOOD, NOW, gate_in, person


def test_token_passes_for_a_person(tmp_path: Path) -> None:
    """Both may have one role; only who signed in counts as a person."""
    gate = gate_in(tmp_path)
    gate.accounts.create(person("li", Role.ENGINEER), at=NOW)
    people = WebPeople(gate)
    session = people.sign_in("li", GOOD, address="", at=NOW)
    assert session is not None
    secret, _ = gate.tokens.create("li's script", Role.ENGINEER, at=NOW)
    signed_in, script = people.by_session(session, at=NOW), people.by_token(secret, at=NOW)
    assert signed_in is not None
    assert script is not None
    assert signed_in.roles == script.roles
    assert (signed_in.is_person, script.is_person) == (True, False)
