"""Identifiers and texts for people."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["zh", "en"]
Scalar: TypeAlias = bool | int | float | str | None

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)


def is_slug(text: str) -> bool:
    """Tell whether a text may be a site's or an equipment's id (docs/devices.md)."""
    return _SLUG.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Bilingual:
    """One text in both languages of the product. Neither may be empty."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What an alert is about: an equipment, or one part (an address) of it."""

    equipment: str
    part: str | None = None

    def __str__(self) -> str:
        return self.equipment if self.part is None else f"{self.equipment}/{self.part}"
