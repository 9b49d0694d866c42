"""The desk's port to the rules made by hand: the shipped rules, and a back-test that answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from pysqlite3 import dbapi2
from sqlalchemy import StaticPool, create_engine

from gengfu.core.clock import MINUTE, Micros
from gengfu.ledger.classes import load_classes
from gengfu.ledger.model import EquipmentClass
from rules import packs
from rules.backtest.document import Document, document
from rules.backtest.replay import Lack, Missing, Replayed
from rules.editions.editor import Audit, Editor
from rules.editions.store import EditionStore
from rules.language.reader import read_rules


@cache
def _classes() -> Mapping[str, EquipmentClass]:
    return load_classes()


@dataclass
class AuditList:
    """An audit trail in memory: (who, what, to which rule)."""

    entries: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, *, at: int, actor: str, action: str, subject: str = "", detail: str = "") -> None:
        """Keep who did what to which rule."""
        assert at
        assert detail
        self.entries.append((actor, action, subject))


def memory_editor(audit: Audit) -> Editor:
    """Return the editor of the shipped rules over a database in memory."""
    engine = create_engine(
        "sqlite+pysqlite://",
        module=dbapi2,
        poolclass=StaticPool,
        connect_args={"check_same_thread": False},
    )
    store = EditionStore(engine)
    store.prepare()
    return Editor(packs.shipped(), _classes(), store, audit)


@dataclass
class FakeRuleBook:
    """The shipped rules with a real editor in memory, and a back-test that answers as told."""

    editor: Editor = field(default_factory=lambda: memory_editor(AuditList()))
    result: Document | None = None
    fault: Exception | None = None
    asked: list[tuple[Micros, Micros, str, frozenset[str] | None]] = field(default_factory=list)

    async def backtest(
        self, start: Micros, end: Micros, draft: str, sites: frozenset[str] | None
    ) -> Document:
        """Remember the question; answer what was put here."""
        self.asked.append((start, end, draft, sites))
        if self.fault is not None:
            raise self.fault
        if draft:
            read_rules({"draft.yaml": draft}, _classes())
        return self.result or empty_document(start, end)


def empty_document(start: Micros, end: Micros) -> Document:
    """Return the result of a back-test in which nothing opened."""
    nothing = Replayed(
        start=start,
        end=end,
        rules=(),
        records=0,
        readings=0,
        events=0,
        found=(),
        live=None,
        missing=(Missing(lack=Lack.BEGINNING, until=start + MINUTE),),
    )
    return document(nothing, None, 0.0)
