"""A reader of InfluxDB's line protocol, written from its documentation and not from our writer.

It reads one character at a time and knows nothing of how ``ingest.store.lines`` escapes.
"""

from dataclasses import dataclass

FieldValue = float | int | bool | str


class Unparsable(ValueError):
    """No line protocol."""


@dataclass(frozen=True)
class Point:
    """One line, unescaped."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, FieldValue], ...]
    time: int | None


def parse(text: str) -> list[Point]:
    """Read lines.

    Raises:
        Unparsable: at the first that is none.
    """
    reader = _Reader(text)
    points = []
    while not reader.at_end:
        points.append(_point(reader))
        if not reader.at_end:
            reader.expect("\n")
    return points


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def peek(self) -> str:
        return "" if self.at_end else self._text[self._at]

    def next(self) -> str:
        if self.at_end:
            raise Unparsable("ends too soon")
        self._at += 1
        return self._text[self._at - 1]

    def expect(self, wanted: str) -> None:
        got = self.next()
        if got != wanted:
            raise Unparsable(f"{got!r} instead of {wanted!r} at {self._at}")

    def name(self, stops: str, escapes: str) -> str:
        """Read up to one of ``stops``; a backslash before one of ``escapes`` hides it."""
        found = []
        while not self.at_end and self.peek() not in stops + "\n":
            letter = self.next()
            if letter == "\\" and self.peek() and self.peek() in escapes:
                letter = self.next()
            found.append(letter)
        if not found:
            raise Unparsable(f"an empty name at {self._at}")
        return "".join(found)

    def quoted(self) -> str:
        self.expect('"')
        found = []
        while (letter := self.next()) != '"':
            if letter == "\\" and self.peek() in ('"', "\\"):
                letter = self.next()
            found.append(letter)
        return "".join(found)


def _point(reader: _Reader) -> Point:
    measurement = reader.name(", ", ", ")
    tags = []
    while reader.peek() == ",":
        reader.next()
        key = reader.name("=, ", ",= ")
        reader.expect("=")
        tags.append((key, reader.name(", ", ",= ")))
    reader.expect(" ")
    fields = [_field(reader)]
    while reader.peek() == ",":
        reader.next()
        fields.append(_field(reader))
    time = None
    if reader.peek() == " ":
        reader.next()
        time = int(reader.name(" ", ""))
    return Point(measurement, tuple(tags), tuple(fields), time)


def _field(reader: _Reader) -> tuple[str, FieldValue]:
    key = reader.name("=, ", ",= ")
    reader.expect("=")
    if reader.peek() == '"':
        return key, reader.quoted()
    if reader.peek() in (" ", ""):
        raise Unparsable("missing field value")
    text = reader.name(", ", "")
    if text.endswith("i"):
        return key, int(text[:-1])
    if text in ("t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE"):
        return key, text[0] in "tT"
    if text.lower() in ("nan", "inf", "-inf", "infinity"):
        raise Unparsable("invalid number")
    if text.endswith("u"):
        return key, int(text[:-1])
    return key, float(text)
