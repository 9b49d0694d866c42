"""The audit trail shows whatever is done to it behind its back (P18, F66)."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from gengfu.people.audit import AuditEntry, AuditTrail, broken_links
from tests.unit.gengfu.people.doors import KEY, NOW, engine_in

START = "0" * 64


def chain(length: int, key: bytes = KEY) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for number in range(1, length + 1):
        bare = AuditEntry(
            number=number,
            at=number,
            actor="a",
            action="verdict",
            subject=f"alert-{number}",
            detail="",
            mac="",
        )
        before = entries[-1].mac if entries else START
        entries.append(replace(bare, mac=bare.mac_with(key, before)))
    return entries


def head_of(entries: list[AuditEntry]) -> tuple[int, str]:
    return (entries[-1].number, entries[-1].mac) if entries else (0, START)


@given(st.integers(0, 12))
def test_a_whole_chain_has_no_fault(length: int) -> None:
    """Nothing is reported of a chain that nobody touched."""
    entries = chain(length)
    assert broken_links(iter(entries), KEY, head_of(entries)) == []


@given(
    st.integers(2, 12),
    st.data(),
    st.sampled_from(["at", "actor", "action", "subject", "detail", "mac", "number"]),
)
def test_any_edit_shows(length: int, data: st.DataObject, column: str) -> None:
    """Change any field of any entry."""
    entries = chain(length)
    head = head_of(entries)
    at = data.draw(st.integers(0, length - 1))
    value = getattr(entries[at], column)
    change: dict[str, Any] = {column: value + 1 if isinstance(value, int) else f"{value}x"}
    entries[at] = replace(entries[at], **change)
    assert broken_links(iter(entries), KEY, head)


@given(st.integers(2, 12), st.data())
def test_any_deletion_shows(length: int, data: st.DataObject) -> None:
    """Remove any run of entries: the first, some in the middle, or the end."""
    entries = chain(length)
    head = head_of(entries)
    start = data.draw(st.integers(0, length - 1))
    end = data.draw(st.integers(start + 1, length))
    left = entries[:start] + entries[end:]
    assert broken_links(iter(left), KEY, head)
    renumbered = [replace(one, number=number) for number, one in enumerate(left, 1)]
    assert broken_links(iter(renumbered), KEY, head)


@given(st.integers(2, 12), st.randoms(use_true_random=False))
def test_any_reordering_shows(length: int, chance: Random) -> None:
    """Shuffle the contents under the same numbers."""
    entries = chain(length)
    shuffled = entries[:]
    chance.shuffle(shuffled)
    moved = [replace(one, number=number) for number, one in enumerate(shuffled, 1)]
    if moved != entries:
        assert broken_links(iter(moved), KEY, head_of(entries))


@given(st.integers(1, 8))
def test_a_chain_with_another_key_shows(length: int) -> None:
    """Whoever has the database but not the key cannot write a chain that holds."""
    forged = chain(length, key=b"x" * 32)
    assert broken_links(iter(forged), KEY, head_of(forged))


def trail_in(folder: Path) -> tuple[Engine, AuditTrail]:
    engine = engine_in(folder)
    trail = AuditTrail(engine, key=KEY, head=folder / "audit.head")
    for number in range(5):
        trail.add(at=NOW + number, actor="wang", action="verdict", subject=f"alert-{number}")
    return engine, trail


def sql(statement: str) -> Callable[[Engine, Path], None]:
    def change(engine: Engine, _folder: Path) -> None:
        with engine.begin() as connection:
            connection.execute(text("DROP TRIGGER IF EXISTS audit_no_update"))
            connection.execute(text("DROP TRIGGER IF EXISTS audit_no_delete"))
            connection.execute(text(statement))

    return change


def drop_head(_engine: Engine, folder: Path) -> None:
    (folder / "audit.head").unlink()


def empty_head(_engine: Engine, folder: Path) -> None:
    (folder / "audit.head").write_text("")


@pytest.mark.parametrize(
    "change",
    [
        sql("UPDATE audit_entry SET actor = 'li' WHERE number = 3"),
        sql("DELETE FROM audit_entry WHERE number = 3"),
        sql("DELETE FROM audit_entry WHERE number = 5"),
        sql("DELETE FROM audit_entry"),
        sql("UPDATE audit_entry SET subject = 'alert-9' WHERE number = 5"),
        drop_head,
        empty_head,
    ],
)
def test_a_change_in_the_database_shows(
    tmp_path: Path, change: Callable[[Engine, Path], None]
) -> None:
    """With all rights on the database, but without the key, every change is found."""
    engine, trail = trail_in(tmp_path)
    assert trail.verify() == []
    change(engine, tmp_path)
    assert trail.verify()


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET at = 1", "DELETE FROM audit_entry"])
def test_the_table_itself_takes_inserts_only(tmp_path: Path, statement: str) -> None:
    """A mistake of our own fails at once."""
    engine, trail = trail_in(tmp_path)
    with pytest.raises(DBAPIError, match="insert-only"), engine.begin() as connection:
        connection.execute(text(statement))
    assert trail.verify() == []


def test_a_head_that_a_crash_left_behind_is_no_fault(tmp_path: Path) -> None:
    """The entry is committed before the head: one step behind is what a kill leaves."""
    engine, trail = trail_in(tmp_path)
    before = (tmp_path / "audit.head").read_text()
    trail.add(at=NOW, actor="wang", action="reset")
    (tmp_path / "audit.head").write_text(before)
    again = AuditTrail(engine, key=KEY, head=tmp_path / "audit.head")
    assert again.verify() == []
    again.add(at=NOW, actor="wang", action="close")
    assert again.verify() == []
    assert [one.action for one in again.entries(limit=2)] == ["close", "reset"]
    assert [one.number for one in again.entries(before=3)] == [2, 1]


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    """An empty secrets file must not make a chain that anyone can forge."""
    with pytest.raises(ValueError, match="32 bytes"):
        AuditTrail(engine_in(tmp_path), key=b"", head=tmp_path / "audit.head")
