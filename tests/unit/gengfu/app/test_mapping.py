"""A changed mapping file counts, a bad one never replaces a good one, not even at a start."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.mapping.model import ForeignMapping
from gengfu.app.mapping import MappingFile, follow_mapping
from gengfu.core.errors import BadInput
from gengfu.core.naming import Scalar

ONE = "devices:\n- {zigbee2mqtt: smoke, equipment: panel-1, fields: {smoke: {event: fire}}}\n"
TWO = ONE + "- {zigbee2mqtt: flow, equipment: pump-1, fields: {flow: flow}}\n"
BAD = "devices:\n- {pigeon: coo, equipment: pump-1}\n- {zigbee2mqtt: x}\n"


def _file(folder: Path, text: str | None) -> MappingFile:
    file = folder / "mapping.yaml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    return MappingFile(file, folder / "good.yaml")


def test_a_first_mapping_with_mistakes_starts(tmp_path: Path) -> None:
    """Without a good one before, all mistakes of the file are told, and nothing starts."""
    with pytest.raises(BadInput) as refusal:
        _file(tmp_path, BAD).start()
    assert len(refusal.value.faults) >= 2


@pytest.mark.parametrize("text", [BAD, None])
def test_a_bad_mapping_keeps_core_from_starting(tmp_path: Path, text: str | None) -> None:
    """Core that has to start while the file is bad, or gone, goes on with the last good one."""
    _file(tmp_path, ONE).start()
    (tmp_path / "mapping.yaml").unlink()
    later = _file(tmp_path, text)
    assert len(later.start().devices) == 1
    assert later.refusal


def test_no_file_is_a_mapping_of_nothing(tmp_path: Path) -> None:
    """Without a setting there is nothing to follow."""
    none = MappingFile(None, tmp_path / "good.yaml")
    assert none.start().devices == ()
    assert none.changed() is None


class Gateway:
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.mappings: list[int] = []
        self.events: list[tuple[str, Mapping[str, Scalar]]] = []

    async def set_mapping(self, mapping: ForeignMapping) -> None:
        self.mappings.append(len(mapping.devices))

    def note_points(self, points: Mapping[str, Scalar]) -> None:
        raise AssertionError(points)

    def note_event(
        self, type_: str, attributes: Mapping[str, Scalar], part: str | None = None
    ) -> None:
        self.events.append((type_, attributes))


async def test_a_change_is_followed_once(tmp_path: Path) -> None:
    """A good change counts, a bad one is told once and changes nothing, the mended one counts."""
    file, gateway = _file(tmp_path, ONE), Gateway()
    file.start()
    texts = iter([ONE, TWO, BAD, BAD, ONE])

    async def edit(_seconds: float) -> None:
        text = next(texts, None)
        if text is None:
            raise EOFError
        new = tmp_path / "new.yaml"
        new.write_text(text, encoding="utf-8")
        new.replace(tmp_path / "mapping.yaml")

    with pytest.raises(EOFError):
        await follow_mapping(file, gateway, gateway, wait=edit)
    assert gateway.mappings == [1, 2, 1]
    ((type_, told),) = gateway.events
    assert type_ == "mapping_refused"
    assert told["faults"] == 3
    assert "mapping.yaml:2" in str(told["first"])
