"""Write the scores of the scenarios into their pages: run it when a rule or a scenario changed.

``.venv/bin/python docs/scores.py``; a test compares the pages with what is true.
"""

from pathlib import Path

from gengfu.app.given_files import classes_of
from gengfu.app.scoring import score_on_rules, scored_scenarios
from gengfu.config import read_settings
from gengfu.core.naming import Language
from rules.language.reader import read_rules
from rules.packs import shipped
from simulators.scenario.scorecard import asked_for, markdown, total

DOCS = Path(__file__).parent
PAGES: tuple[tuple[Language, Path], ...] = (
    ("en", DOCS / "scenarios.md"),
    ("zh", DOCS / "zh" / "scenarios.md"),
)
_BEGIN, _END = "<!-- scores -->\n", "<!-- /scores -->"


def main() -> None:
    """Score every scenario on the rules and put the tables where the marks stand.

    Raises:
        ValueError: a page has not each mark once; it is left as it is.
    """
    settings = read_settings(None)
    scores = score_on_rules(settings, scored_scenarios(settings))
    rules = {one.id for one in read_rules(shipped(), classes_of(settings))}
    for language, page in PAGES:
        table = f"\n{markdown(scores, language)}\n{total(scores)}; {asked_for(scores, rules)}\n\n"
        before, marked = page.read_text(encoding="utf-8").split(_BEGIN)
        _, after = marked.split(_END)
        page.write_text(f"{before}{_BEGIN}{table}{_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
