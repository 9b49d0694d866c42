"""The ledger's versions: what holds now, what held then, and snapshots of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pysqlite3.dbapi2
import pytest
from sqlalchemy import Engine, create_engine

from gengfu.core.errors import BadInput
from gengfu.core.naming import Bilingual
from gengfu.ledger import snapshot
from gengfu.ledger.classes import load_classes
from gengfu.ledger.csv_import import read_folder
from gengfu.ledger.model import Place, PlaceKind, Site, SiteLedger
from gengfu.ledger.store import LedgerStore

DEMO = Path(__file__).parents[4] / "simulators" / "demo"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite+pysqlite:///{tmp_path}/desk.db", module=pysqlite3.dbapi2)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> LedgerStore:
    store = LedgerStore(engine)
    store.prepare()
    return store


def _demo() -> SiteLedger:
    (ledger,) = read_folder(DEMO, load_classes())
    return ledger


def _small(site: str, name: str = "甲") -> SiteLedger:
    return SiteLedger(
        site=Site(id=site, name=Bilingual(zh=name, en=name)),
        places={"b1": Place(id="b1", kind=PlaceKind.BUILDING, name=Bilingual(zh="1", en="1"))},
        equipment={},
    )


def test_snapshot_differs() -> None:
    """A ledger comes out of its bytes as it went in; other bytes are refused as a value error."""
    assert snapshot.decode(snapshot.encode(_demo())) == _demo()
    with pytest.raises(ValueError, match="not a ledger"):
        snapshot.decode(b"\xc1")


def test_version_lost(engine: Engine, store: LedgerStore) -> None:
    """What is put in is what another process reads, and each change counts the version up."""
    assert (store.version(), store.all()) == (0, ())
    first = store.replace([_demo()], at=100)
    second = store.replace([_small("b"), _small("a")], at=200)
    other = LedgerStore(engine)
    assert first < second == other.version()
    assert [one.site.id for one in other.all()] == ["yunhe", "b", "a"]
    assert [one.version for one in other.versions()] == [second, first]


def test_same_ledger_counts_up(store: LedgerStore) -> None:
    """The same import twice is one version."""
    assert store.replace([_demo()], at=100) == store.replace([_demo()], at=200)


def test_past_forgotten(store: LedgerStore) -> None:
    """The ledger of any past time can be asked for."""
    store.replace([_small("a", "旧")], at=100)
    store.replace([_small("a", "新")], at=200)
    assert store.at(99) == ()
    assert store.at(199)[0].site.name.zh == "旧"
    assert store.at(200)[0].site.name.zh == "新"


def test_equipment_in_two_sites(store: LedgerStore) -> None:
    """An equipment id that another site has is refused, and nothing changes."""
    store.replace([_demo()], at=100)
    twin = replace(_demo(), site=Site(id="other", name=Bilingual(zh="乙", en="B")))
    with pytest.raises(BadInput, match="unique across all sites"):
        store.replace([twin], at=200)
    assert [one.site.id for one in store.all()] == ["yunhe"]
