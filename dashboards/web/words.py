"""The pages' texts in both languages: gettext catalogues, read from ``locale/*.po`` at start.

The files are read as they are, so a fresh clone needs no compiling step.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from gengfu.core.errors import Fault
from gengfu.core.naming import Bilingual, Language
from gengfu.core.said import say_again

LOCALE = Path(__file__).parent / "locale"
FOLDERS: Mapping[Language, str] = {"zh": "zh_CN", "en": "en"}
TAGS: Mapping[Language, str] = {"zh": "zh-CN", "en": "en"}
"""What stands in ``lang`` attributes, so that Chinese glyphs are right."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language's texts; a text that is missing stands as its English source."""

    language: Language
    single: Mapping[str, str] = field(default_factory=dict)
    plural: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def gettext(self, text: str) -> str:
        return self.single.get(text) or text

    def ngettext(self, one: str, many: str, number: int) -> str:
        source = (one, many)
        form = 0 if number == 1 else 1
        forms = self.plural.get(one, source)
        return forms[min(form, len(forms) - 1)] or source[form]

    def say(self, text: Bilingual) -> str:
        return text.of(self.language)

    def tell(self, text: str | Fault) -> str:
        """Return a sentence or a mistake of ours; any other text as it is."""
        if isinstance(text, Fault):
            return text.told(self.gettext)
        return say_again(text, self.gettext)


@cache
def words(language: Language) -> Words:
    """Return one language's texts, read once."""
    with (LOCALE / FOLDERS[language] / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalog = read_po(file, locale=FOLDERS[language])
    single: dict[str, str] = {}
    plural: dict[str, tuple[str, ...]] = {}
    for message in catalog:
        if not message.id or message.fuzzy:
            continue
        if isinstance(message.id, str):
            single[message.id] = str(message.string)
        else:
            plural[message.id[0]] = tuple(message.string or ())
    return Words(language, single, plural)


def marked(text: str) -> str:
    """Mark a text for translation where it stands; it is translated where it is shown."""
    return text


def preferred(accept_language: str | None, default: Language = "zh") -> Language:
    """Choose a language by a browser's Accept-Language header."""
    ranked: list[tuple[float, Language]] = []
    for entry in (accept_language or "").split(","):
        tag, _, weight = entry.strip().partition(";q=")
        main = tag.split("-")[0].lower()
        try:
            rank = float(weight) if weight else 1.0
        except ValueError:
            continue
        if main == "zh":
            ranked.append((rank, "zh"))
        elif main == "en":
            ranked.append((rank, "en"))
    return max(ranked, key=lambda pair: pair[0])[1] if ranked else default
