"""How far the readers are: one small file each, so that retention drops nothing they still need.

A reader's true cursor lives with its own data; this file only has to be at or behind it.
"""

from pathlib import Path

from ingest.journal import layout


class CursorFile:
    """One reader's file, written by that reader alone."""

    def __init__(self, folder: Path, name: str) -> None:
        """Register a reader of the journal in ``folder``; from now on it holds records back.

        Raises:
            OSError: the folder cannot be written.
        """
        self._path = folder / layout.CURSORS / name
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if not self._path.exists():
            self.write(0)

    def read(self) -> int:
        """Return the position; 0 when the file cannot be read as one."""
        return _position(self._path)

    def write(self, position: int) -> None:
        """Say that everything up to ``position`` is no longer needed.

        Raises:
            OSError: the disk refuses; the former position holds on.
        """
        new = self._path.with_name(self._path.name + layout.NEW)
        new.write_text(f"{position}\n", encoding="ascii")
        new.replace(self._path)

    def remove(self) -> None:
        """Hold nothing back any more."""
        self._path.unlink(missing_ok=True)


def all_of(folder: Path) -> dict[str, int]:
    """Return every registered reader's position; 0 for a file that is damaged."""
    shelf = folder / layout.CURSORS
    if not shelf.is_dir():
        return {}
    return {path.name: _position(path) for path in shelf.iterdir() if path.suffix != layout.NEW}


def _position(path: Path) -> int:
    try:
        return max(int(path.read_text(encoding="ascii")), 0)
    except (OSError, ValueError):
        return 0
