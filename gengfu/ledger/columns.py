"""The CSV form of a ledger: which files, which columns, and how one cell is written and read.

Import and export share it, so that what is written is read back the same. Headers may be written
in English or in Chinese; the export writes English.
"""

import re
from dataclasses import dataclass

from gengfu.core.naming import Scalar

ATTRIBUTE = "attr."
"""``equipment.csv`` may have any number of columns ``attr.NAME``: facts that rules read."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its header, the same in Chinese, and whether a cell may be empty."""

    name: str
    chinese: str
    required: bool = False


_NAMES = (Column("name_zh", "名称"), Column("name_en", "英文名称"))

TABLES: dict[str, tuple[Column, ...]] = {
    "sites": (
        Column("id", "编号", required=True),
        *_NAMES,
        Column("time_zone", "时区"),
        Column("guarded", "布防时段"),
    ),
    "places": (
        Column("site", "项目", required=True),
        Column("id", "编号", required=True),
        Column("kind", "级别", required=True),
        *_NAMES,
        Column("parent", "上级位置"),
        Column("zone_kind", "区域类型"),
        Column("level", "层号"),
        Column("guarded", "布防时段"),
    ),
    "equipment": (
        Column("site", "项目", required=True),
        Column("id", "编号", required=True),
        Column("class", "设备类别", required=True),
        *_NAMES,
        Column("place", "位置", required=True),
        Column("parent", "上级设备"),
        Column("feeds", "服务对象"),
        Column("criticality", "重要性"),
    ),
    "parts": (
        Column("equipment", "设备", required=True),
        Column("address", "地址", required=True),
        Column("type", "类型", required=True),
        *_NAMES,
        Column("place", "位置"),
        Column("compartment", "防火分区"),
    ),
    "linkage": (
        Column("site", "项目", required=True),
        Column("cause", "联动原因", required=True),
        Column("where", "触发位置", required=True),
        Column("signal", "触发信号"),
        Column("equipment", "联动设备", required=True),
        Column("needs", "动作要求"),
        Column("expectation", "应动作", required=True),
        Column("within_seconds", "时限秒", required=True),
        Column("source", "依据"),
        *_NAMES,
        Column("place_zh", "所在位置"),
        Column("place_en", "英文位置"),
        Column("measured_seconds", "实测秒"),
        Column("remark", "备注"),
    ),
    "holidays": (
        Column("site", "项目", required=True),
        Column("from", "开始日期", required=True),
        Column("to", "结束日期"),
        Column("day", "类型", required=True),
        Column("name", "名称"),
    ),
}
"""Of ``linkage``, the names, places and what follows are for the reader: the import passes them over."""
OPTIONAL_TABLES = frozenset({"parts", "linkage", "holidays"})

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?(0|[1-9]\d{0,15})", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+([eE][+-]?\d+)?|[eE][+-]?\d+)", re.ASCII)
"""Digits that begin with 0, or more than 16 of them, are a serial number: text."""


def guard(text: str) -> str:
    """Write a cell so that no spreadsheet runs it as a formula: a ' before = + - @.

    Source: OWASP, CSV injection. A plain number stays one.
    """
    dangerous = _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text}" if dangerous else text


def unguard(cell: str) -> str:
    """Read a cell that ``guard`` wrote; spaces around it go."""
    text = cell.strip()
    return text[1:] if _GUARDED.match(text) else text


def write_scalar(value: Scalar) -> str:
    """Write an attribute so that its type comes back: text that looks like another is quoted."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if read_scalar(value) == value else f'"{value}"'
    return repr(value)


def read_scalar(text: str) -> Scalar:
    """Read an attribute: true/false (as Excel writes them too), a number, null, else text."""
    lowered = text.lower()
    if lowered in {"true", "false"}:
        return lowered == "true"
    if lowered == "null":
        return None
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text
