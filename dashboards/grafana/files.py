"""All dashboards, and the generated JSON that is checked in beside them.

Classic dashboard JSON: Grafana's newer schema fails file provisioning.
"""

from collections.abc import Mapping
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana import alerts, availability, equipment_class
from gengfu.ledger.classes import load_classes
from gengfu.ledger.model import EquipmentClass
from gengfu.ledger.own import OWN_CLASS

GENERATED = Path(__file__).parent / "generated"


def dashboards(classes: Mapping[str, EquipmentClass]) -> dict[str, Dashboard]:
    """Return every dashboard by the name of its file."""
    kinds = [
        kind for kind in classes.values() if kind.name != OWN_CLASS
    ]  # the watch is no equipment
    pages = {f"class-{kind.name}": equipment_class.build(kind) for kind in kinds}
    return {"availability": availability.build(kinds), "alerts": alerts.build(), **pages}


def documents(classes: Mapping[str, EquipmentClass]) -> dict[str, str]:
    """Return file name → JSON text, the same text every time."""
    encoder = JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False)
    return {
        f"{name}.json": encoder.encode(page) + "\n" for name, page in dashboards(classes).items()
    }


def write_all(folder: Path = GENERATED) -> list[Path]:
    """Write what changed into a folder, remove what is no more; return those files."""
    wanted = documents(load_classes())
    files = stale(folder)
    for file in files:
        if file.name in wanted:
            file.write_text(wanted[file.name], encoding="utf-8")
        else:
            file.unlink()
    return files


def stale(folder: Path = GENERATED) -> list[Path]:
    """Return the files that are not what the builders make now."""
    wanted = documents(load_classes())
    there = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.json")}
    names = sorted(name for name in wanted | there if wanted.get(name) != there.get(name))
    return [folder / name for name in names]
