"""Keeps the translation files in step with the texts in templates and code.

``python -m dashboards.web.catalogs`` adds what is new and drops what is gone; whoever adds a text
then fills in the Chinese. A test fails while one is missing.
"""

from datetime import UTC, datetime

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from dashboards.web.words import FOLDERS, LOCALE
from gengfu.core.naming import Language

_METHODS = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
_OPTIONS = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
"""A date of its own would change with every run, and two people's additions would meet in it."""
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "marked": None}
_ROOT = LOCALE.parents[2]
_TELLERS = ("dashboards", "gateway", "gengfu", "rules", "simulators")
"""Packages whose mistakes (``said``) are shown on pages and in terminals."""


def texts() -> Catalog:
    """Return every text that the pages can show."""
    found = {_ROOT: extract_from_dir(LOCALE.parent, _METHODS, _OPTIONS, _KEYWORDS)}
    for package in _TELLERS:
        folder = _ROOT / package
        found[folder] = extract_from_dir(folder, [("**.py", "python")], keywords={"said": None})
    catalog = Catalog(fuzzy=False)
    for folder, messages in found.items():
        for file, _line, text, comments, context in sorted(messages, key=lambda one: one[:2]):
            path = (folder / file).relative_to(_ROOT).as_posix()
            catalog.add(text, None, [(path, 0)], auto_comments=comments, context=context)
    return catalog


def translated(language: Language) -> Catalog:
    """Return one language's file as it lies there."""
    path = LOCALE / FOLDERS[language] / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return Catalog(locale=FOLDERS[language], fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=FOLDERS[language])


def main() -> None:
    """Rewrite both files; English texts are their own translation."""
    wanted = texts()
    wanted.creation_date = _NO_DATE
    for language, folder in FOLDERS.items():
        catalog = translated(language)
        catalog.update(wanted, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.project, catalog.version = "Gengfu", "main"
        catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = ""
        catalog.header_comment = "# Written by `python -m dashboards.web.catalogs`."
        catalog.creation_date = catalog.revision_date = _NO_DATE
        if language == "en":
            for message in catalog:
                message.string = message.id or message.string
        path = LOCALE / folder / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(
                file, catalog, width=100, sort_output=True, include_lineno=False, omit_header=False
            )


if __name__ == "__main__":
    main()
