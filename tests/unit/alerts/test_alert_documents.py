"""docs/alerts.md: what it draws is the table, and what it tells receivers to do works."""

import re
import time
from pathlib import Path

import pytest
import yaml

from alerts.channels.webhook import sign
from alerts.diagram import rewrite
from alerts.lifecycle import Refusal
from alerts.model import Handling, Step
from alerts.settings import usual_clocks
from alerts.words import HANDLING, REFUSAL, STEP
from gengfu.config import Settings
from gengfu.core.clock import MINUTE
from gengfu.core.urgency import Response

ROOT = Path(__file__).parents[3]
DOCUMENTS = [ROOT / "docs/alerts.md", ROOT / "docs/zh/alerts.md"]


@pytest.mark.parametrize("file", DOCUMENTS, ids=["en", "zh"])
def test_the_picture_lies(file: Path) -> None:
    """The generated blocks are what ``python -m alerts.diagram`` writes now, and both are there."""
    text = file.read_text(encoding="utf-8")
    assert text.count("<!-- generated: ") == 2
    assert rewrite(text) == text, "run: python -m alerts.diagram docs/alerts.md docs/zh/alerts.md"


@pytest.mark.parametrize("file", DOCUMENTS, ids=["en", "zh"])
def test_the_receivers_recipe_fails(file: Path) -> None:
    """The documented verification accepts our signature, and refuses an altered or an old one."""
    (recipe,) = re.findall(r"```python\n(.*?)```", file.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(recipe, names)  # the document's own code is what is tested
    is_genuine = names["is_genuine"]
    assert callable(is_genuine)
    now = int(time.time())
    for timestamp, body, genuine in (
        (now, b"{}", True),
        (now, b"[]", False),
        (now - 999, b"{}", False),
    ):
        signature = sign("secret", timestamp, b"{}")
        headers = {"Gengfu-Timestamp": str(timestamp), "Gengfu-Signature": signature}
        assert is_genuine("secret", headers, body) is genuine


def test_a_word_is_missing() -> None:
    """Every handling, step and refusal has a word in both languages."""
    assert set(HANDLING) == set(Handling)
    assert set(STEP) == set(Step)
    assert set(REFUSAL) == set(Refusal)
    for words in (HANDLING, STEP, REFUSAL):
        assert all(word.zh and word.en for word in words.values())


@pytest.mark.parametrize("file", DOCUMENTS, ids=["en", "zh"])
def test_the_documented_times_are_others(file: Path) -> None:
    """The table of response classes has the times that the clocks have, and the settings are read."""
    text = file.read_text(encoding="utf-8")
    for response, clocks in usual_clocks().items():
        (line,) = re.findall(rf"^\| `{response}`.*$", text, re.MULTILINE)
        _, _, take, arrive, _ = (cell.strip() for cell in line.strip("|").split("|"))
        assert take.startswith(f"{clocks.take.first // MINUTE} ")
        assert arrive.split()[0] == (f"{clocks.arrive.first // MINUTE}" if clocks.arrive else "–")
    (example,) = re.findall(r"```yaml settings\n(.*?)```", text, re.DOTALL)
    assert Settings(**yaml.safe_load(example)).responses[Response.URGENT].arrive_s == 600
