"""What the journal costs: ``python -m benchmarks.journal``. Prints figures; asserts nothing.

Appends a second, at groups of 1 and 100 messages of five values, each with its identity; and the
CPU time of a reading on its way in, out of the open segment, and out of a sealed one.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gengfu.core.batch import BatchBuilder, TopicKind
from gengfu.core.identity import Counted
from gengfu.core.names import EquipmentName
from gengfu.core.record import Draft, RecordKind, draft
from ingest.journal.reader import FolderReader
from ingest.journal.sqlite import Roll, SqliteJournal

VALUES = 5


@dataclass(frozen=True, slots=True)
class Round:
    """One round's figures: appends a second, and CPU µs a message of five values."""

    appends: float
    write: float
    read_open: float
    read_sealed: float
    seal: float


def batch(messages: int) -> Draft:
    """Return one READINGS record of so many messages of five values."""
    rows = BatchBuilder()
    for message in range(messages):
        for point in range(VALUES):
            at = 1_763_600_000_000_000 + message
            rows.add(message % 3_000, point, at, at + 900, 20.0 + point * 1.7)
    return draft(rows.build(), 3)


def cpu(work: Callable[[], object]) -> float:
    """Return the CPU time that some work takes, in µs."""
    start = time.process_time_ns()
    work()
    return (time.process_time_ns() - start) / 1000


def drain(folder: Path) -> int:
    """Read everything and decode the rows; return how many there were."""
    rows, after = 0, 0
    with closing(FolderReader(folder)) as reader:
        while found := reader.read(after):
            for record in found:
                if record.kind is RecordKind.READINGS:
                    rows += len(record.body())  # type: ignore[arg-type]  # readings have rows
            after = found[-1].position
    return rows


def measure(group: int, appends: int) -> Round:
    """Run one round in a folder of its own."""
    record = batch(group)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "journal"
        journal = SqliteJournal(folder, roll=Roll(bytes=2**40))
        for number in range(3_000):
            journal.names.equipment_index(EquipmentName("yunhe", f"pump-{number}", "pump"))
        journal.append([], at=0)

        def write() -> None:
            for turn in range(appends):
                told = [
                    Counted(f"pump-{n % 3_000}", TopicKind.TELEMETRY, "b1", turn)
                    for n in range(group)
                ]
                journal.append([record], at=turn, identities=told)

        start = time.perf_counter()
        write_us = cpu(write)
        seconds = time.perf_counter() - start
        read_us = cpu(lambda: drain(folder))
        journal._roll = Roll(bytes=0)  # noqa: SLF001 – the benchmark wants a sealed segment now
        journal.append([batch(1)], at=appends)
        seal_us = cpu(lambda: journal.tend(0))
        sealed_us = cpu(lambda: drain(folder))
        journal.close()
    messages = group * appends
    return Round(
        appends / seconds,
        write_us / messages,
        read_us / messages,
        sealed_us / messages,
        seal_us / messages,
    )


def main() -> None:
    """Print the median and the range of some rounds."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    rounds = arguments.parse_args().rounds
    for group, appends in ((1, 3_000), (100, 300)):
        measured = [measure(group, appends) for _ in range(rounds)]
        print(f"groups of {group} messages of {VALUES} values, one commit each")
        for title, name in (
            ("appends a second", "appends"),
            ("µs CPU a message: append", "write"),
            ("µs CPU a message: read, open", "read_open"),
            ("µs CPU a message: read, sealed", "read_sealed"),
            ("µs CPU a message: sealing", "seal"),
        ):
            values = [getattr(one, name) for one in measured]
            middle = statistics.median(values)
            print(f"  {title:32} {middle:9.2f}   ({min(values):.2f} – {max(values):.2f})")


if __name__ == "__main__":
    main()
