"""The rules that come with the product, as files. What they say is read by ``rules.language.reader``."""

from collections.abc import Mapping
from pathlib import Path

_FOLDER = Path(__file__).parent


def shipped() -> Mapping[str, str]:
    """Return the shipped packs: file name → YAML text, in order."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.yaml"))}
