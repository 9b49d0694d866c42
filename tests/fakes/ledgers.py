"""The ledgers that a desk of tests shows: the demo's, or none yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from gengfu.ledger.classes import load_classes
from gengfu.ledger.csv_import import read_folder
from gengfu.ledger.model import EquipmentClass, SiteLedger

DEMO = Path(__file__).parents[2] / "simulators" / "demo"


@cache
def shipped() -> tuple[Mapping[str, EquipmentClass], Mapping[str, SiteLedger]]:
    """Return the shipped classes and the demo's ledgers by site."""
    classes = load_classes()
    return classes, {ledger.site.id: ledger for ledger in read_folder(DEMO, classes)}


@dataclass
class FakeLedgers:
    """The demo's ledgers and the shipped classes."""

    empty: bool = False
    """Nobody has imported one yet."""
    others: Mapping[str, SiteLedger] = field(default_factory=dict)
    """Sites beside the demo's."""

    @property
    def sites(self) -> Mapping[str, SiteLedger]:
        """Return the demo's ledgers and the others."""
        return {} if self.empty else {**shipped()[1], **self.others}

    @property
    def classes(self) -> Mapping[str, EquipmentClass]:
        """Return the shipped classes."""
        return shipped()[0]
