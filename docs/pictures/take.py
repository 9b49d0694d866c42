"""Take the pictures of README and docs from the running product: ``make pictures``.

Starts a demo of its own, lets its shortened day play for a while, photographs it, stops it.
"""

import argparse
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tests.acceptance.system import System
from tests.integration.services import free_port

HERE = Path(__file__).parent
LOOKS = {"zh": "zh-CN", "en": "en"}
WANTED = {
    "guard": ("guard", "phone"),
    "wall": ("engineer", "desk"),
    "pump": ("equipment", "desk"),
    "availability": ("manager", "desk"),
    "backtest": ("backtest", "desk"),
    "linkage": ("linkage", "desk"),
}


def main() -> None:
    """Take every picture in both languages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=9, help="how long the demo plays before")
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        system = System(
            Path(folder),
            arguments=("--demo",),
            environment={"GENGFU_BROKER__PORT": str(free_port())},
        )
        with system.up():
            time.sleep(minutes * 60)
            shots = Path(folder) / "shots"
            _photograph(system, shots)
            for name, (page, size) in WANTED.items():
                for language, ending in LOOKS.items():
                    picture = shots / f"{page}-{size}-light-{language}.png"
                    shutil.copyfile(picture, HERE / f"{name}.{ending}.png")


def _photograph(system: System, out: Path) -> None:
    pages = ",".join({page for page, _ in WANTED.values()})
    subprocess.run(
        [
            *(str(Path(".venv/bin/python")), "-m", "dashboards.web.shots", str(out)),
            *("--base", system.base_url, "--only", "light", "--pages", pages),
            *("--accounts", str(system.data / "secrets" / "demo-accounts.json")),
        ],
        check=True,
    )


if __name__ == "__main__":
    main()
