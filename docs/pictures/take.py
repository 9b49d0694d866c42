"""Take the pictures of README and docs from the running product: ``make pictures``.

Two demos of its own are photographed and stopped: one that has lived for five weeks and goes on, and
one that is new and plays its shortened day, for what only that day has: a fire, and readings as dense
as devices send them.
"""

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.system import System
from tests.integration.services import free_port

HERE = Path(__file__).parent
LOOKS = {"zh": "zh-CN", "en": "en"}


@dataclass(frozen=True, slots=True)
class Sitting:
    """A demo, and what is photographed of it: picture → page and size."""

    past: str | None
    plays: float
    """Minutes before the first picture."""
    wanted: Mapping[str, tuple[str, str]]


SITTINGS = (
    Sitting(
        past="35d",
        plays=1.5,
        wanted={
            "guard": ("guard", "phone"),
            "wall": ("engineer", "desk"),
            "availability": ("manager", "desk"),
            "backtest": ("backtest", "desk"),
        },
    ),
    Sitting(
        past=None,
        plays=9,
        wanted={"pump": ("equipment", "desk"), "linkage": ("linkage", "desk")},
    ),
)


def main() -> None:
    """Take every picture in both languages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="no other picture than this one")
    only = parser.parse_args().only
    for sitting in SITTINGS:
        wanted = {name: one for name, one in sitting.wanted.items() if only in {None, name}}
        if wanted:
            with tempfile.TemporaryDirectory() as folder:
                _take(sitting, wanted, Path(folder))


def _take(sitting: Sitting, wanted: Mapping[str, tuple[str, str]], folder: Path) -> None:
    environment = {"GENGFU_BROKER__PORT": str(free_port())}
    system = System(folder, arguments=("--demo",), environment=environment)
    if sitting.past is not None:
        system.must("past", sitting.past)
    with system.up():
        time.sleep(sitting.plays * 60)
        shots = folder / "shots"
        _photograph(system, shots, dict.fromkeys(page for page, _ in wanted.values()))
        for name, (page, size) in wanted.items():
            for language, ending in LOOKS.items():
                picture = shots / f"{page}-{size}-light-{language}.png"
                shutil.copyfile(picture, HERE / f"{name}.{ending}.png")


def _photograph(system: System, out: Path, pages: Mapping[str, None]) -> None:
    subprocess.run(
        [
            *(str(Path(".venv/bin/python")), "-m", "dashboards.web.shots", str(out)),
            *("--base", system.base_url, "--only", "light", "--pages", ",".join(pages)),
            *("--accounts", str(system.data / "secrets" / "demo-accounts.json")),
        ],
        check=True,
    )


if __name__ == "__main__":
    main()
