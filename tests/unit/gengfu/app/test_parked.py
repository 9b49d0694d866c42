"""What was parked and cannot be judged again, and what hangs: neither is passed over in silence."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gengfu.app import parked
from gengfu.app.health import set_aside
from gengfu.app.parked import ask_again, mind_hang
from gengfu.config import Settings
from gengfu.core.errors import BadInput
from gengfu.installation import Installation
from rules.custody import InHand
from rules.parking import MEMORY, Parked, ParkingLot, Stage


def _put(data: Path, number: int) -> Parked:
    one = Parked(position=7, number=number, kind="events", deaths=3, reason="it died", at=1)
    ParkingLot(Installation(data).parked).put(one)
    return one


def test_a_mistyped_key_is_silently_done(tmp_path: Path) -> None:
    """What is not parked is refused with what is; a dropped memory is no record to judge."""
    _put(tmp_path, 0)
    _put(tmp_path, MEMORY)
    for key in ("8-0", "../7-0", "7-memory"):
        with pytest.raises(BadInput):
            ask_again(Settings(data=tmp_path), key)
    assert ask_again(Settings(data=tmp_path), "7-0").key == "7-0"
    stages = {one.key: one.stage for one in ParkingLot(Installation(tmp_path).parked).all()}
    assert stages == {"7-0": Stage.AGAIN, "7-memory": Stage.NEW}


def test_readiness_hides_what_is_not_judged(tmp_path: Path) -> None:
    """What is set aside is counted and named; what was judged again is not."""
    assert set_aside([]) == "all are judged"
    one = _put(tmp_path, 0)
    assert set_aside([one]).startswith("1 set aside after killing core: 7-0")
    assert set_aside([replace(one, stage=Stage.DONE)]) == "all are judged"


def test_a_foreign_file_stops_the_start(tmp_path: Path) -> None:
    """A file that is none of ours is passed over; what is ours is found."""
    one = _put(tmp_path, 0)
    folder = Installation(tmp_path).parked
    (folder / "notes.json").write_text("mine", encoding="utf-8")
    (folder / "1-0.json").write_bytes(b"\x00" * 40)
    assert list(ParkingLot(folder).all()) == [one]


@pytest.mark.parametrize("hangs", [True, False])
async def test_a_record_that_hangs_is_never_ended(
    monkeypatch: pytest.MonkeyPatch, *, hangs: bool
) -> None:
    """The same in hand for a minute ends the process; batch after batch is work."""
    monkeypatch.setattr(parked, "HANG_LOOK_SECONDS", 0.0)
    died, looked, looks = asyncio.Event(), asyncio.Event(), 0
    hung = InHand(first=1, last=200)

    def held() -> InHand:
        nonlocal looks
        looks += 1
        if looks > 2 * parked.HANG_LOOKS:
            looked.set()
        return hung if hangs else InHand(first=1, last=200)

    watch = asyncio.create_task(mind_hang(held, lambda _code: died.set()))
    await looked.wait()
    watch.cancel()
    assert died.is_set() is hangs
