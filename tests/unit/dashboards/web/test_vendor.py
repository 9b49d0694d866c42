"""Third-party files: locked, copied, and named when they are missing."""

import json
import re
from pathlib import Path

import pytest

from dashboards.web import vendor, vocabulary
from gengfu.core.errors import StartError
from tests.fakes.ledgers import shipped


def test_a_start_without_the_files(tmp_path: Path) -> None:
    """The one sentence names what is missing and the command that brings it."""
    with pytest.raises(StartError, match=r"htmx\.min\.js.*python -m dashboards\.web\.vendor"):
        vendor.require(tmp_path)


def test_a_lock_that_names_a_registry() -> None:
    """Every package is locked to one version with its hash, and no address stands there."""
    text = (vendor.HERE / "package-lock.json").read_text("utf-8")
    assert "://" not in text
    packages = json.loads(text)["packages"]
    wanted = json.loads((vendor.HERE / "package.json").read_text("utf-8"))["devDependencies"]
    for name, version in wanted.items():
        locked = packages[f"node_modules/{name}"]
        assert (locked["version"], locked["integrity"][:7]) == (version, "sha512-")


def test_an_icon_that_is_not_there() -> None:
    """Every icon that templates, words and classes ask for is in the sprite's list."""
    templates = "".join(
        path.read_text("utf-8") for path in (vendor.HERE / "templates").glob("*.html")
    )
    asked = set(re.findall(r"""(?:icon|empty)\("([a-z_-]+)\"""", templates))
    asked |= set(vocabulary.STEP_ICON.values())
    asked |= {klass.icon for klass in shipped()[0].values()}
    assert asked <= set(vendor.ICONS)


def test_a_sprite_made_of_packages(tmp_path: Path) -> None:
    """Copying brings the files and one symbol for each icon, without comments or outer tags."""
    modules = tmp_path / "node_modules"
    for source in (
        "htmx.org/dist/htmx.min.js",
        "uplot/dist/uPlot.esm.js",
        "uplot/dist/uPlot.min.css",
    ):
        (modules / source).parent.mkdir(parents=True, exist_ok=True)
        (modules / source).write_text("/* */", "utf-8")
    icons = modules / "lucide-static" / "icons"
    icons.mkdir(parents=True)
    drawing = '<!-- @license -->\n<svg\n  class="x"\n>\n  <path d="M0 0" />\n</svg>\n'
    for name in vendor.ICONS.values():
        (icons / f"{name}.svg").write_text(drawing, "utf-8")
    vendor.copy(modules, tmp_path / "out")
    assert vendor.missing(tmp_path / "out") == ()
    sprite = (tmp_path / "out" / "icons.svg").read_text("utf-8")
    assert sprite.count("<symbol") == len(vendor.ICONS)
    assert "license" not in sprite
    assert sprite.count("<svg") == 1
