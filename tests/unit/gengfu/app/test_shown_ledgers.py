"""What the desk shows of a ledger."""

from pathlib import Path

from gengfu.app.shown_ledgers import ShownLedgers
from gengfu.database import open_sqlite
from gengfu.ledger.store import LedgerStore
from tests.fakes.small_estate import shipped_classes, small_estate


def test_a_class_that_is_gone_takes_every_page_with_it(tmp_path: Path) -> None:
    """Equipment whose class nobody describes any more is left out; what it spoke for stands alone."""
    store = LedgerStore(open_sqlite(tmp_path / "desk.db"))
    store.prepare()
    store.replace([small_estate()], 0)
    classes = {name: one for name, one in shipped_classes().items() if name != "door_controller"}
    (shown,) = ShownLedgers(store, classes).sites.values()
    assert {id_: one.parent for id_, one in shown.equipment.items()} == dict.fromkeys(
        ("lift-1", "pump-1", "fire-panel-1", "door-1", "door-2")
    )
    (whole,) = ShownLedgers(store, shipped_classes()).sites.values()
    assert whole == small_estate()
