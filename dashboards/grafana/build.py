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

GENERATED = Path(__file__).parent / "generated"


def dashboards(classes: Mapping[str, EquipmentClass]) -> dict[str, Dashboard]:
    """Return every dashboard by the name of its file."""
    pages = {f"class-{kind.name}": equipment_class.build(kind) for kind in classes.values()}
    return {"availability": availability.build(), "alerts": alerts.build(), **pages}


def documents(classes: Mapping[str, EquipmentClass]) -> dict[str, str]:
    """Return file name → JSON text, the same text every time."""
    encoder = JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False)
    return {
        f"{name}.json": encoder.encode(page) + "\n" for name, page in dashboards(classes).items()
    }


def write(
    folder: Path = GENERATED, classes: Mapping[str, EquipmentClass] | None = None
) -> list[Path]:
    """Write every dashboard into a folder and remove those that are no more; return what changed."""
    changed = []
    for name in different(folder, classes):
        changed.append(folder / name)
        text = documents(classes or load_classes()).get(name)
        if text is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(text, encoding="utf-8")
    return changed


def different(
    folder: Path = GENERATED, classes: Mapping[str, EquipmentClass] | None = None
) -> list[str]:
    """Return the names of files that are not what the builders make now."""
    wanted = documents(classes or load_classes())
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in wanted | there if wanted.get(name) != there.get(name))
