"""What separates good from ugly is the tail of sizes, clocks inside logic, and swallowed errors.

Every exception is listed with its reason, and one that is needed no more fails as well.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeGuard

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("gengfu", "gateway", "ingest", "rules", "alerts", "dashboards", "simulators", "deploy")
TESTS_AND_TOOLS = ("tests", "benchmarks", "docs")
LONGEST_FUNCTION = 40
LONGEST_FILE = 400
BROWSER_FILES = (".js", ".css", ".html")
NOT_OURS = ("node_modules", "vendor")

NAMELESS = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}
NAMES_MEANT = {"dashboards/web/pages/manager.py": "the person who reads the page"}

LONG_FUNCTIONS_MEANT = {
    "tests/fakes/showcase.py:_alerts": "a table: one alert for each state there is to look at",
    "tests/unit/gengfu/ledger/test_csv.py:_ledgers": "a table: one of everything a ledger can say",
}

REAL_TIME_MEANT = {
    "gateway/lane.py": "tells by real seconds that the disk or the processor does not keep up",
    "gengfu/app/core.py": "how long the broker is away, by the time that people live by",
    "gengfu/app/backtest.py": "says how long the work took",
    "gengfu/app/canary.py": "judges the alarm path by the time that people live by",
    "gengfu/app/condition.py": "tells its condition every so many real seconds",
    "gengfu/app/watchdog.py": "watches core's real life, whatever clock core was given",
    "gengfu/core/clock.py": "the one place that reads the clock for all others",
    "gengfu/supervisor.py": "paces restarts and heartbeats of real processes",
    "gengfu/proof.py": "compares with the time of a file, which the machine's clock wrote",
    "ingest/store/wire.py": "a server's Retry-After may be a date of the real world",
    "simulators/load/generator.py": "fires on real time, and measures how well it kept it",
    "simulators/broker/publish.py": "paces real messages on a real connection",
}
SUPERVISORS = {
    "alerts/outbox.py": "the supervisor of one attempt: a channel's defect may not end the others",
    "dashboards/web/api/stream.py": "the one look-out of all streams: one failed look may not end it",
    "gateway/intake.py": "the supervisor of one message: it may not stop the next",
    "ingest/store/wire.py": "hands whatever happened in a thread to the one who waits for it",
}

_CLOCKS = re.compile(
    r"(time\.(time|time_ns|monotonic|monotonic_ns|perf_counter|perf_counter_ns|localtime|gmtime)"
    r"|(\w+\.)?(datetime|date)\.(now|utcnow|today)|(\w+\.)*_?loop(\(\))?\.time"
    r"|asyncio\.get_(running|event)_loop\(\)\.time)"
)


def _files(folders: Sequence[str], *endings: str) -> Iterator[tuple[str, str]]:
    """Yield path (from the repository's root) and text of our own files."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            inside = path.relative_to(ROOT)
            if path.suffix in endings and not set(inside.parts) & set(NOT_OURS):
                yield inside.as_posix(), path.read_text(encoding="utf-8")


MODULES = {path: ast.parse(text) for path, text in _files(PRODUCT, ".py")}
EVERY_MODULE = MODULES | {
    path: ast.parse(text) for path, text in _files(TESTS_AND_TOOLS, ".py") if text.strip()
}


def _reads_clock(tree: ast.Module) -> bool:
    imported = any(isinstance(one, ast.ImportFrom) and one.module == "time" for one in tree.body)
    called = (ast.unparse(one.func) for one in ast.walk(tree) if isinstance(one, ast.Call))
    return imported or any(_CLOCKS.fullmatch(name) for name in called)


def _hidden(tree: ast.AST) -> Iterator[int]:
    """Yield the lines of what ``said`` is given otherwise than as a text of its own."""
    for one in ast.walk(tree):
        if isinstance(one, ast.JoinedStr):
            yield from (inner.lineno for inner in ast.walk(one) if _is_said(inner))
        elif _is_said(one):
            first = one.args[0]
            if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
                yield one.lineno


def _is_said(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "said"


def _catches_all(tree: ast.Module) -> bool:
    caught = [one.type for one in ast.walk(tree) if isinstance(one, ast.ExceptHandler)]
    caught += [
        argument
        for one in ast.walk(tree)
        if isinstance(one, ast.Call) and ast.unparse(one.func) == "contextlib.suppress"
        for argument in one.args
    ]
    names = [
        ast.unparse(name) if name else "everything"
        for kinds in caught
        for name in (kinds.elts if isinstance(kinds, ast.Tuple) else [kinds])
    ]
    return bool({"Exception", "BaseException", "everything"} & set(names))


def test_long_function() -> None:
    """No function is longer than 40 lines, unless it is a table."""
    long = {
        f"{path}:{one.name}"
        for path, tree in EVERY_MODULE.items()
        for one in ast.walk(tree)
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
        and (one.end_lineno or 0) - one.lineno + 1 > LONGEST_FUNCTION
    }
    assert long == set(LONG_FUNCTIONS_MEANT)


def test_long_file() -> None:
    """No file, of Python or for the browser, is longer than 400 lines."""
    ours = _files((*PRODUCT, *TESTS_AND_TOOLS), ".py", *BROWSER_FILES)
    lengths = {path: text.count("\n") for path, text in ours}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_module_without_purpose() -> None:
    """Every module says in its docstring why it exists."""
    assert [path for path, tree in EVERY_MODULE.items() if not ast.get_docstring(tree)] == []


def test_module_without_concept() -> None:
    """No module has a name that anything would fit into."""
    nameless = {path for path in EVERY_MODULE if NAMELESS & {Path(path).stem, *Path(path).parts}}
    assert nameless == set(NAMES_MEANT)


def test_clock_read_inside_logic() -> None:
    """Time is an argument: clocks are read where a reason is given, and nowhere else."""
    assert {path for path, tree in MODULES.items() if _reads_clock(tree)} == set(REAL_TIME_MEANT)


def test_a_sentence_that_no_catalog_finds() -> None:
    """What can be said in Chinese too is written out in full, and not inside an f-string."""
    hidden = [f"{path}:{line}" for path, tree in MODULES.items() for line in _hidden(tree)]
    assert hidden == []


def test_error_swallowed() -> None:
    """Only a supervisor catches everything."""
    assert {path for path, tree in MODULES.items() if _catches_all(tree)} == set(SUPERVISORS)


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("import time\nx = time.time()", True),
        ("from time import time_ns", True),
        ("from datetime import datetime\nx = datetime.now()", True),
        ("import datetime as dt\nx = dt.datetime.now()", True),
        ("x = self._loop.time()", True),
        ("x = clock.now()", False),
        ("x = clock.time()", False),
    ],
)
def test_clock_overlooked(source: str, reads: bool) -> None:
    """The look for clocks finds each way to ask one, and not our own port."""
    assert _reads_clock(ast.parse(source)) is reads


@pytest.mark.parametrize(
    ("source", "catches"),
    [
        ("try:\n    f()\nexcept Exception:\n    pass", True),
        ("try:\n    f()\nexcept:\n    pass", True),
        ("try:\n    f()\nexcept (OSError, BaseException):\n    pass", True),
        ("with contextlib.suppress(Exception):\n    f()", True),
        ("try:\n    f()\nexcept OSError:\n    pass", False),
    ],
)
def test_broad_except_overlooked(source: str, catches: bool) -> None:
    """The look for broad handlers finds each way to write one."""
    assert _catches_all(ast.parse(source)) is catches
