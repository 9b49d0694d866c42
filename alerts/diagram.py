"""Draws the life-cycle table for docs/alerts.md, so that the picture cannot lie.

``python -m alerts.diagram docs/alerts.md docs/zh/alerts.md`` rewrites the generated blocks.
"""

import re
import sys
from pathlib import Path

from alerts.lifecycle import TABLE, UNTAKEN, Refusal
from alerts.model import Handling, Step
from alerts.words import HANDLING, REFUSAL, STEP
from gengfu.core.naming import Language

_GROUPS = {
    "untaken": frozenset(UNTAKEN),
    "not_there": frozenset({*UNTAKEN, Handling.ACKNOWLEDGED, Handling.EN_ROUTE}),
}
_TITLES: dict[str, dict[Language, str]] = {
    "untaken": {"zh": "无人接警", "en": "nobody has it"},
    "not_there": {"zh": "未到场", "en": "nobody is there"},
}
_BLOCK = re.compile(r"(<!-- generated: (\w+) (zh|en) -->\n).*?(<!-- /generated -->)", re.DOTALL)
_BY_ITSELF = {"zh": "无人接警时已恢复，规则自动销警", "en": "cleared before anybody took it"}
_AGAIN = {"zh": "复位后再次触发", "en": "trips again after its reset"}
_OPENS = {"zh": "规则或人员报警", "en": "a rule or a person"}
_SENT = {"zh": "通知已发出", "en": "a notification arrived"}


def mermaid(language: Language) -> str:
    """Return the state diagram: who leads where. Steps that stay where they are, are left out."""
    arrows = [f"new --> notified : {_SENT[language]}"]
    for step in Step:
        for to in Handling:
            sources = {
                source for (source, what), edge in TABLE.items() if (what, edge.to) == (step, to)
            }
            stays = sources - {to} if step is not Step.RESET else sources
            arrows += [f"{source} --> {to} : {STEP[step].of(language)}" for source in _named(stays)]
    return "\n".join(
        [
            "```mermaid",
            "stateDiagram-v2",
            *(f"    {state} : {HANDLING[state].of(language)}" for state in Handling),
            *_group("not_there", language),
            f"    [*] --> new : {_OPENS[language]}",
            *(f"    {arrow}" for arrow in arrows),
            f"    verified --> new : {_AGAIN[language]}",
            f"    untaken --> closed : {_BY_ITSELF[language]}",
            "    closed --> [*]",
            "```",
        ]
    )


def _named(sources: set[Handling]) -> list[str]:
    """Return the states that arrows start from, a group's name in the place of all its members."""
    for name, members in reversed(_GROUPS.items()):
        if members <= sources:
            return [name, *_named(sources - members)]
    return [state for state in Handling if state in sources]


def _group(name: str, language: Language, indent: str = "    ") -> list[str]:
    """Return the lines of a group of states, with the groups inside it."""
    inner = [other for other, members in _GROUPS.items() if members < _GROUPS[name]]
    covered = {state for other in inner for state in _GROUPS[other]}
    deeper = indent + "    "
    return [
        f'{indent}state "{_TITLES[name][language]}" as {name} {{',
        *(line for other in inner for line in _group(other, language, deeper)),
        *(f"{deeper}{state}" for state in Handling if state in _GROUPS[name] - covered),
        f"{indent}}}",
    ]


def table(language: Language) -> str:
    """Return the table: a row for each handling, a column for each step, with what it needs."""
    footnotes: dict[Refusal, int] = {}
    rows = [_row(state, language, footnotes) for state in Handling]
    head = " | ".join(f"{STEP[step].of(language)}<br>`{step}`" for step in Step)
    lines = [f"| | {head} |", "|---" * (len(Step) + 1) + "|", *rows, ""]
    lines += [
        f"{number}. `{need}`: {REFUSAL[need].of(language)}" for need, number in footnotes.items()
    ]
    return "\n".join(lines)


def _row(state: Handling, language: Language, footnotes: dict[Refusal, int]) -> str:
    cells = [f"**{HANDLING[state].of(language)}** `{state}`"]
    for step in Step:
        edge = TABLE.get((state, step))
        if edge is None:
            cells.append("–")
            continue
        marks = [str(footnotes.setdefault(need, len(footnotes) + 1)) for need in edge.needs]
        to = "✓" if edge.to is state else HANDLING[edge.to].of(language)
        cells.append(to + (f" <sup>{','.join(marks)}</sup>" if marks else ""))
    return "| " + " | ".join(cells) + " |"


def rewrite(text: str) -> str:
    """Return a document with its generated blocks as the table is now."""

    def block(match: re.Match[str]) -> str:
        language: Language = "zh" if match[3] == "zh" else "en"
        content = mermaid(language) if match[2] == "states" else table(language)
        return f"{match[1]}{content}\n{match[4]}"

    return _BLOCK.sub(block, text)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        file = Path(name)
        file.write_text(rewrite(file.read_text(encoding="utf-8")), encoding="utf-8")
