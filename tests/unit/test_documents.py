"""What documents say of the tree is true: links, files named in docstrings, dependencies, locks."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (
    *("gengfu", "gateway", "ingest", "rules", "alerts", "dashboards", "simulators"),
    *("deploy", "tests", "benchmarks", "docs"),
)
NOT_OURS = {"node_modules", "vendor"}

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_PATH = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*)`")
_DOCUMENT = re.compile(r"[\w./-]*\w\.md\b")


def _ours(*endings: str) -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in endings and not NOT_OURS & set(path.parts):
                yield path


DOCUMENTS = sorted([*ROOT.glob("*.md"), *_ours(".md")])


@cache
def _anchors(document: Path) -> frozenset[str]:
    """Return a document's headings as GitHub links to them."""
    text = _FENCED.sub("", document.read_text(encoding="utf-8"))
    said = (re.sub(r"[^\w\s-]", "", heading.lower()) for heading in _HEADING.findall(text))
    return frozenset(one.strip().replace(" ", "-") for one in said)


def _is_there(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (document.parent / path).resolve() if path else document
    if not target.exists():
        return False
    return not anchor or target.suffix != ".md" or anchor in _anchors(target)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one.relative_to(ROOT).as_posix())
def test_dead_link(document: Path) -> None:
    """Every relative link leads to a file that is there, and to a heading that it has."""
    text = _FENCED.sub("", document.read_text(encoding="utf-8"))
    inside = [link for link in _LINK.findall(text) if "://" not in link and ":" not in link]
    assert [link for link in inside if not _is_there(document, link)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one.relative_to(ROOT).as_posix())
def test_dead_path(document: Path) -> None:
    """Every file and folder of ours that a document names is there."""
    named = _PATH.findall(document.read_text(encoding="utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_unknown_document_in_code() -> None:
    """A document that a docstring, a rule or a class sends its reader to stands in the repository."""
    known = {one.relative_to(ROOT).as_posix() for one in DOCUMENTS}
    unknown = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in _ours(".py", ".yaml", ".js")
        for name in _DOCUMENT.findall(path.read_text(encoding="utf-8"))
        if not any(one == name or one.endswith(f"/{name}") for one in known)
    }
    assert unknown == set()


def _declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lists = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    return {re.split(r"[<>=~! \[]", one, maxsplit=1)[0] for names in lists for one in names}


def test_dependency_without_reason() -> None:
    """Every declared dependency is named, with its reason, in docs/dependencies.md."""
    reasons = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert {name for name in _declared() if not re.search(rf"\b{name}\b", reasons)} == set()


def test_lock_names_a_registry() -> None:
    """Locks say what is installed, by version and hash, and not from where."""
    locks = [*(ROOT / "requirements").glob("*.txt"), ROOT / "dashboards/web/package-lock.json"]
    told = re.compile(r"--(extra-)?index-url|--find-links|\"resolved\"|https?://")
    assert [one.name for one in locks if told.search(one.read_text(encoding="utf-8"))] == []
