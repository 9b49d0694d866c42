"""Who gets in, who does not, and from when on no more (P17, P20, F47, F63)."""

import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path
from threading import Event

import pytest

from gengfu.core.clock import DAY, HOUR, SECOND
from gengfu.core.errors import BadInput
from gengfu.people.accounts import NewAccount
from gengfu.people.passwords import Passwords, weakness
from gengfu.people.roles import Role
from gengfu.people.sessions import Limits, Session, is_void
from tests.fakes.disk_full import full
from tests.unit.gengfu.people.doors import GOOD, NOW, engine_in, gate_in, person

HOME = "127.0.0.1"


def test_password_is_kept_as_argon2id_with_the_stated_cost() -> None:
    """64 MiB, three passes, its own salt; never the text."""
    passwords = Passwords()
    first, second = passwords.hash(GOOD), passwords.hash(GOOD)
    assert first.startswith("$argon2id$v=19$m=65536,t=3,")
    assert first != second
    assert passwords.fits(GOOD, first)
    assert not passwords.fits(GOOD + "!", first)
    assert not passwords.fits(GOOD, None)


def test_a_start_computes_a_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a stranger's password is held against costs nothing until a stranger comes."""
    monkeypatch.delattr("argon2.PasswordHasher.hash")
    assert not Passwords(memory_kib=8, passes=1).fits(GOOD, None)


def test_unknown_login_costs_as_much_as_a_wrong_password(tmp_path: Path) -> None:
    """CPU time, not the clock on the wall: a stranger cannot find out who has an account."""
    gate = gate_in(tmp_path)
    gate.accounts.create(person(), at=NOW)
    gate.accounts._passwords = Passwords(memory_kib=16 * 1024, passes=2)

    def cost(login: str) -> float:
        start = time.process_time()
        for _ in range(3):
            assert gate.accounts.check(login, "wrong wrong wrong") is None
        return time.process_time() - start

    cost("wang")
    stored = gate.accounts._passwords.hash(GOOD)
    gate.accounts._change(gate.accounts.all()[0].id, {"password": stored})
    known, unknown = cost("wang"), cost("nobody")
    assert 0.4 < unknown / known < 2.5


@pytest.mark.parametrize(
    ("password", "weak"),
    [
        (GOOD, False),
        ("更夫夜里敲锣打鼓走一圈", False),
        ("short", True),
        ("wang-wang-wang", True),
        ("aaaaaaaaaaaaaaaa", True),
        ("x" * 300, True),
    ],
)
def test_weak_passwords_are_refused(password: str, weak: bool) -> None:
    """Long before complex; the login is no password."""
    assert (weakness(password, "wang") is not None) is weak


def test_all_faults_of_a_new_account_are_told_at_once(tmp_path: Path) -> None:
    """Nothing is made, and every mistake stands in the one error."""
    gate = gate_in(tmp_path)
    with pytest.raises(BadInput) as refused:
        gate.accounts.create(
            NewAccount(login="Wang Wei", name=" ", password="x", roles=frozenset()), at=NOW
        )
    assert {fault.place for fault in refused.value.faults} == {"login", "name", "roles", "password"}
    assert gate.accounts.all() == []


def test_a_taken_login_is_refused(tmp_path: Path) -> None:
    """Logins are unique."""
    gate = gate_in(tmp_path)
    gate.accounts.create(person(), at=NOW)
    with pytest.raises(BadInput, match="taken"):
        gate.accounts.create(person(), at=NOW)


def test_the_guard_gets_in_and_out(tmp_path: Path) -> None:
    """The session's secret opens, only it, and not after signing out."""
    gate = gate_in(tmp_path)
    account = gate.accounts.create(person(), at=NOW)
    assert gate.sign_in("wang", "wrong password", address=HOME, at=NOW) is None
    secret = gate.sign_in(" Wang ", GOOD, address=HOME, at=NOW)
    assert secret is not None
    assert gate.by_session(secret, at=NOW) == account
    assert gate.by_session(secret + "x", at=NOW) is None
    assert gate.by_session("\udcff", at=NOW) is None
    gate.sign_out(secret, at=NOW)
    gate.sign_out(secret, at=NOW)
    assert gate.by_session(secret, at=NOW) is None


def test_nothing_stored_lets_anybody_in(tmp_path: Path) -> None:
    """No secret of a session, token or set-up stands anywhere in the database."""
    gate = gate_in(tmp_path)
    setup = gate.setup.issue(at=NOW)
    gate.accounts.create(person(), at=NOW)
    session = gate.sign_in("wang", GOOD, address=HOME, at=NOW)
    token, _ = gate.tokens.create("exporter", Role.AUDITOR, at=NOW)
    gate.accounts._engine.dispose()
    stored = b"".join(one.read_bytes() for one in tmp_path.iterdir() if one.is_file())
    for secret in (setup, session, token, GOOD):
        assert secret is not None
        assert secret.encode() not in stored


@pytest.mark.parametrize("how", ["disable", "password"])
def test_revocation_holds_from_the_next_request(tmp_path: Path, how: str) -> None:
    """However a session is ended from outside, it is void at once."""
    gate = gate_in(tmp_path)
    account = gate.accounts.create(person(), at=NOW)
    gate.accounts.create(person("boss", Role.ADMIN), at=NOW)
    secret = gate.sign_in("wang", GOOD, address=HOME, at=NOW)
    assert secret is not None
    if how == "disable":
        gate.accounts.set_disabled(account.id, True)
    else:
        gate.accounts.change_password(account.id, "another long one", at=NOW + 1)
    assert gate.by_session(secret, at=NOW + 1) is None


def test_the_last_administrator_cannot_be_shut_out(tmp_path: Path) -> None:
    """Somebody can always administer."""
    gate = gate_in(tmp_path)
    boss = gate.accounts.create(person("boss", Role.ADMIN), at=NOW)
    with pytest.raises(BadInput, match="last administrator"):
        gate.accounts.set_disabled(boss.id, True)
    gate.accounts.create(person("second", Role.ADMIN), at=NOW)
    gate.accounts.set_disabled(boss.id, True)
    assert gate.accounts.check("boss", GOOD) is None


def test_sessions_end_by_idleness_and_by_age(tmp_path: Path) -> None:
    """Use keeps a session alive until its absolute end, by the given time only."""
    gate = gate_in(tmp_path)
    gate.accounts.create(person(), at=NOW)
    used = gate.sign_in("wang", GOOD, address=HOME, at=NOW)
    left = gate.sign_in("wang", GOOD, address=HOME, at=NOW)
    assert used is not None
    assert left is not None
    for day in range(6, 30, 6):
        assert gate.by_session(used, at=NOW + day * DAY) is not None
    assert gate.by_session(left, at=NOW + 7 * DAY) is None
    assert gate.by_session(used, at=NOW + 30 * DAY) is None


@pytest.mark.parametrize(
    ("opened", "seen", "void"),
    [
        (0, 0, False),
        (0, 9 * HOUR, False),
        (9 * HOUR, 9 * HOUR, False),
        (-15 * HOUR, 9 * HOUR, True),
        (0, -HOUR, True),
    ],
)
def test_session_table(tmp_path: Path, opened: int, seen: int, void: bool) -> None:
    """The decision by itself: idle at one hour before ten, absolute at a day."""
    account = gate_in(tmp_path).accounts.create(person(), at=-DAY)
    session = Session(opened_at=opened, seen_at=seen)
    limits = Limits(idle=11 * HOUR, absolute=DAY)
    assert is_void(session, account, limits, 10 * HOUR) is void


def test_tokens_have_a_role_and_an_end(tmp_path: Path) -> None:
    """A token opens until it expires or is revoked, and never after."""
    gate = gate_in(tmp_path)
    secret, token = gate.tokens.create("grafana", Role.AUDITOR, at=NOW, expires_at=NOW + DAY)
    assert secret.startswith("gf_")
    assert gate.by_token(secret, at=NOW) == token
    assert gate.by_token(secret, at=NOW + DAY) is None
    assert gate.by_token(secret[:-1], at=NOW) is None
    assert gate.tokens.revoke(token.id, at=NOW)
    assert not gate.tokens.revoke(token.id, at=NOW)
    assert gate.by_token(secret, at=NOW) is None
    assert [one.revoked_at for one in gate.tokens.all()] == [NOW]


def test_whoever_asks_for_set_ups_fills_the_trail(tmp_path: Path) -> None:
    """Half an hour of one each second leaves few lines, and never keeps the one with the token out."""
    gate = gate_in(tmp_path)
    token = gate.setup.issue(at=NOW)
    assert token is not None
    for second in range(2_000):
        assert not gate.set_up("guessed", f"x{second}", GOOD, at=NOW + second * SECOND)
    assert 5 <= len(gate.audit.entries(limit=1_000)) <= 40
    assert gate.set_up(token, "boss", GOOD, at=NOW + 2_000 * SECOND)


def test_set_up_works_once_and_only_before_there_is_anyone(tmp_path: Path) -> None:
    """A fresh installation has no account; its token makes one administrator and is gone."""
    gate = gate_in(tmp_path)
    assert gate.accounts.all() == []
    assert not gate.setup.is_waiting()
    old = gate.setup.issue(at=NOW)
    token = gate.setup.issue(at=NOW)
    assert old is not None
    assert token is not None
    assert gate.setup.is_waiting()
    assert not gate.set_up(old, "boss", GOOD, at=NOW)
    with pytest.raises(BadInput):
        gate.set_up(token, "boss", "short", at=NOW)
    assert gate.set_up(token, "boss", GOOD, at=NOW)
    assert not gate.set_up(token, "boss2", GOOD, at=NOW)
    assert not gate.setup.is_waiting()
    assert gate.setup.issue(at=NOW) is None
    assert [one.roles for one in gate.accounts.all()] == [frozenset({Role.ADMIN})]


def test_guessing_is_slowed_but_the_guard_gets_in(tmp_path: Path) -> None:
    """After a few failures tries are not even looked at, for half a minute at most."""
    gate = gate_in(tmp_path)
    gate.accounts.create(person(), at=NOW)
    for _ in range(40):
        gate.sign_in("WANG", "guess guess guess", address="10.0.0.9", at=NOW)
    assert gate.sign_in("wang", GOOD, address=HOME, at=NOW) is None
    assert 0 < gate.wait("wang", HOME, at=NOW) <= 30 * SECOND
    assert gate.sign_in("wang", GOOD, address=HOME, at=NOW + 30 * SECOND) is not None
    assert gate.wait("wang", HOME, at=NOW + 30 * SECOND) == 0
    failures = [one for one in gate.audit.entries() if one.action == "sign_in_failed"]
    assert len(failures) == 5, "throttled tries reach neither the hash nor the audit trail"


def test_guesses_come_all_at_once(tmp_path: Path) -> None:
    """What is asked while the first password is still looked at counts too: five looks in all."""
    gate = gate_in(tmp_path)
    gate.accounts.create(person(), at=NOW)
    looked: list[str] = []
    first, rest = Event(), Event()

    class Slow(Passwords):
        def fits(self, password: str, hashed: str | None) -> bool:
            looked.append(password)
            first.set()
            assert rest.wait(30)
            return super().fits(password, hashed)

    gate.accounts._passwords = Slow(memory_kib=8, passes=1)
    with ThreadPoolExecutor(10) as threads:
        tries = [
            threads.submit(gate.sign_in, "wang", f"guess {n}", address=HOME, at=NOW)
            for n in range(10)
        ]
        refused = [one.result(30) for one in islice(as_completed(tries, 30), 5)]
        assert first.wait(30)
        rest.set()
    assert refused == [None] * 5, "those over the free ones do not wait for a look"
    assert len(looked) == 5


def test_a_database_from_before_is_opened_as_it_is(tmp_path: Path) -> None:
    """Preparing the tables again changes nothing."""
    gate_in(tmp_path).accounts.create(person(), at=NOW)
    engine_in(tmp_path)
    assert [one.login for one in gate_in(tmp_path).accounts.all()] == ["wang"]
    assert list(gate_in(tmp_path).accounts.names().values()) == ["Wang"]


def test_a_full_disk_keeps_out_who_is_in(tmp_path: Path) -> None:
    """Who signed in before goes on reading, though it cannot be noted that he did."""
    gate = gate_in(tmp_path)
    gate.accounts.create(person(), at=NOW)
    secret = gate.sign_in("wang", GOOD, address=HOME, at=NOW)
    assert secret is not None
    with full(gate.sessions._engine):
        seen = gate.by_session(secret, at=NOW + HOUR)
    assert seen is not None
