"""What is said through the door: typed frames, one JSON object a line, at most 1 MiB."""

from typing import TypeAlias

import msgspec

from alerts.lifecycle import Refusal
from alerts.model import Alert, Report, Step, StepRequest
from alerts.refusals import ReportRefusal

LONGEST_FRAME = 1024 * 1024


class Act(msgspec.Struct, frozen=True, tag="act"):
    """Ask for a person's step."""

    id: int
    alert: str
    step: Step
    request: StepRequest


class Tell(msgspec.Struct, frozen=True, tag="report"):
    """Hand in a person's report."""

    id: int
    report: Report


class ReloadLedger(msgspec.Struct, frozen=True, tag="reload_ledger"):
    """Say that the ledger has changed."""

    id: int


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Ask whether somebody is there."""

    id: int


class Done(msgspec.Struct, frozen=True, tag="done", omit_defaults=True):
    """The request was done; with the alert as it stands where it concerns one."""

    id: int
    alert: Alert | None = None


class Illegal(msgspec.Struct, frozen=True, tag="illegal"):
    """The step was refused; this is how the alert stands."""

    id: int
    reason: Refusal
    current: Alert


class Unknown(msgspec.Struct, frozen=True, tag="unknown"):
    """There is no such alert."""

    id: int
    alert: str


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The report was refused."""

    id: int
    reason: ReportRefusal


class Broken(msgspec.Struct, frozen=True, tag="broken"):
    """The request could not be read or done. ``id`` 0 = it could not even be told which."""

    id: int
    why: str


class NoRoom(msgspec.Struct, frozen=True, tag="no_room"):
    """Nothing was done: the disk is full."""

    id: int


class Changed(msgspec.Struct, frozen=True, tag="changed"):
    """A hint: there are changes up to this number. Hints may be left out, never the last one."""

    change: int


Request: TypeAlias = Act | Tell | ReloadLedger | Ping
Reply: TypeAlias = Done | Illegal | Unknown | Refused | Broken | NoRoom
Frame: TypeAlias = Reply | Changed

requests = msgspec.json.Decoder(Act | Tell | ReloadLedger | Ping)
frames = msgspec.json.Decoder(Reply | Changed)
_encode = msgspec.json.Encoder().encode


def line(frame: Request | Frame) -> bytes:
    """Write a frame as a line."""
    return _encode(frame) + b"\n"
