"""A process that applies verdicts and takes steps until it is killed. Started by the kill test.

Every verdict follows from its position alone, as from a journal; every request has its own key.
"""

import sys
from dataclasses import replace
from pathlib import Path

from alerts.model import FindingVerdict, Step
from alerts.read import AlertFilter, AlertReader
from alerts.refusals import IllegalStep
from alerts.schema import open_alerts
from alerts.service import AlertService
from gengfu.core.clock import SystemClock
from gengfu.core.naming import Subject
from rules.engine.verdict import Turn, Verdict
from tests.fakes.alerts import FIRE, HELD_OPEN, START, FakeChannel, asks

SUBJECTS = 7
TURNS = (Turn.ON, Turn.OCCURRED, Turn.OFF)
WALK = (Step.ARRIVE, Step.VERDICT, Step.RESET, Step.CLOSE)


def verdicts_at(position: int) -> list[Verdict]:
    """Return the two verdicts that the journal's record at ``position`` brings about."""
    turn = TURNS[position // SUBJECTS % 3]
    subject = Subject("equipment", str(position % SUBJECTS))
    changes = {"turn": turn, "subject": subject, "position": position, "at": START + position}
    return [replace(FIRE, **changes), replace(HELD_OPEN, **changes)]  # type: ignore[arg-type]


def main(file: Path) -> None:
    engine = open_alerts(file)
    service = AlertService(engine, SystemClock(), channels=[FakeChannel()])
    reader = AlertReader(engine)
    done = service.applied_position()
    # As a real core does after a kill: from an older checkpoint on.
    position = max(0, done - 20)
    while True:
        position += 1
        service.apply(verdicts_at(position), position=position, at=START + position)
        for alert in reader.list(AlertFilter(limit=2)).alerts:
            step = next((one for one in WALK if not reader_has(reader, alert.id, one)), Step.CLOSE)
            key = f"{alert.id}-{alert.version}"
            try:
                request = asks(key=key, verdict=FindingVerdict.FALSE)
                service.act(alert.id, step, request)
                service.act(alert.id, step, request)
            except IllegalStep:
                pass
        print(position, flush=True)


def reader_has(reader: AlertReader, alert: str, step: Step) -> bool:
    return any(entry.what == step.value for entry in reader.timeline(alert))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
