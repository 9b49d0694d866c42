"""Accounts: what each may do, and files that two brokers read."""

import stat
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.accounts import (
    Access,
    Account,
    AccountFiles,
    Line,
    core_account,
    covers,
    device_account,
    estate_account,
    hash_password,
    is_password,
    read_acl,
)
from gengfu.core.errors import BadInput
from tests.fakes.small_estate import small_estate


def writes(account: Account, topic: str) -> bool:
    return any(one.access is Access.WRITE and covers(one.filter, topic) for one in account.lines)


def reads(account: Account, topic: str) -> bool:
    return any(one.access is Access.READ and covers(one.filter, topic) for one in account.lines)


def test_a_device_speaks_for_another() -> None:
    """A plain device writes below its own id and reads what is sent to it, nothing else."""
    lift = device_account([small_estate()], "lift-1", "gf")
    assert writes(lift, "gf/yunhe/lift-1/up/event")
    assert reads(lift, "gf/yunhe/lift-1/down/ack")
    assert not writes(lift, "gf/yunhe/pump-1/up/event")
    assert not writes(lift, "gf/yunhe/lift-1/down/command")
    assert not reads(lift, "gf/yunhe/lift-1/up/event")


def test_a_controller_is_mute_for_its_doors() -> None:
    """A controller also speaks for those whose parent it is; they do not speak for it."""
    controller = device_account([small_estate()], "door-ctl-1", "gf")
    door = device_account([small_estate()], "door-1", "gf")
    assert writes(controller, "gf/yunhe/door-2/up/vital")
    assert not writes(door, "gf/yunhe/door-ctl-1/up/status")


def test_an_unknown_device_gets_an_account() -> None:
    """Only what stands in the ledger can have an account."""
    with pytest.raises(BadInput, match="no such equipment"):
        device_account([small_estate()], "nobody", "gf")


def test_core_speaks_as_a_device() -> None:
    """Our own account hears and tells all, and can say nothing in a device's name."""
    core = core_account("gengfu", "gf")
    assert reads(core, "gf/+/+/up/event")
    assert writes(core, "gf/yunhe/lift-1/down/ack")
    assert writes(core, "gf/_gengfu/_core/up/event")
    assert not writes(core, "gf/yunhe/lift-1/up/event")


def test_an_estate_account_misses_a_device() -> None:
    """The simulators' account speaks for everything in the ledgers."""
    account = estate_account("simulators", [small_estate(), small_estate("beiyuan", "n-")], "gf")
    assert writes(account, "gf/beiyuan/n-door-1/up/status")
    assert not writes(account, "gf/yunhe/n-door-1/up/status")


@pytest.mark.parametrize(
    ("allowed", "wanted", "expected"),
    [
        ("gf/a/b/up/#", "gf/a/b/up/event", True),
        ("gf/a/b/up/#", "gf/a/b/up", True),
        ("gf/a/b/up/#", "gf/a/c/up/event", False),
        ("gf/a/b/up/#", "gf/a/+/up/event", False),
        ("gf/a/b/up/#", "#", False),
        ("gf/a/b/up/#", "gf/a/b/#", False),
        ("gf/+/+/up/#", "gf/+/+/up/event", True),
        ("gf/+/+/up/#", "gf/a/b/down/ack", False),
        ("gf/+/b", "gf/a/b/c", False),
        ("gf/+/b", "gf/a", False),
    ],
)
def test_a_filter_lets_too_much_through(allowed: str, wanted: str, expected: bool) -> None:
    """A filter covers a topic, or another filter only when it covers all that one means."""
    assert covers(allowed, wanted) is expected


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")), st.text())
@example("", "\0")
def test_a_wrong_password_is_right(password: str, other: str) -> None:
    """A hash knows its own password and no other, and is salted."""
    hashed = hash_password(password)
    assert is_password(password, hashed)
    assert is_password(other, hashed) is (other == password)
    assert hash_password(password) != hashed


@given(st.text())
def test_a_damaged_password_file_lets_somebody_in(hashed: str) -> None:
    """A text that is no hash fits no password and raises nothing."""
    assert not is_password("anything", hashed)


@pytest.fixture
def files(tmp_path: Path) -> AccountFiles:
    return AccountFiles(tmp_path / "broker")


def test_others_may_read_the_password_file(files: AccountFiles) -> None:
    """Both files are their owner's alone, also after a change, and no password stands in them."""
    password = files.add(core_account("gengfu", "gf"))
    files.add(device_account([small_estate()], "lift-1", "gf"))
    for file in (files.passwords_file, files.acl_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert password not in file.read_text(encoding="utf-8")
    assert sorted(file.name for file in files.folder.iterdir()) == ["acl", "passwords"]


def test_a_revoked_account_keeps_its_lines(files: AccountFiles) -> None:
    """Revoking takes the password and the access lines, of that account only."""
    for name in ("lift-1", "pump-1"):
        files.add(device_account([small_estate()], name, "gf"))
    files.revoke("lift-1")
    assert list(files.passwords()) == ["pump-1"]
    assert list(files.accounts()) == ["pump-1"]


def test_what_is_written_reads_differently(files: AccountFiles) -> None:
    """The access file gives back the accounts it was written from."""
    accounts = [
        core_account("gengfu", "gf"),
        device_account([small_estate()], "door-ctl-1", "gf"),
    ]
    files.allow(accounts)
    assert sorted(files.accounts().values(), key=lambda one: one.name) == sorted(
        accounts, key=lambda one: one.name
    )


def test_lines_before_any_user_are_for_everybody() -> None:
    """Mosquitto gives such lines to anonymous clients; we have none, so they are nobody's."""
    accounts = read_acl(
        ["topic write #", "pattern write %u/#", "user a", "topic deny x", "topic read y"]
    )
    assert accounts == {"a": Account("a", (Line(Access.READ, "y"),))}


def test_a_moved_door_stays_with_its_old_controller(files: AccountFiles) -> None:
    """After a ledger change each device's lines follow its children; other accounts stay."""
    files.allow(
        [
            core_account("gengfu", "gf"),
            Account("door-ctl-1", (Line(Access.WRITE, "gf/yunhe/gone/up/#"),)),
        ]
    )
    files.refresh([small_estate()])
    assert writes(files.accounts()["door-ctl-1"], "gf/yunhe/door-1/up/event")
    assert not writes(files.accounts()["door-ctl-1"], "gf/yunhe/gone/up/event")
    assert files.accounts()["gengfu"] == core_account("gengfu", "gf")
