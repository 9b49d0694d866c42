"""What happens before the journal is written again: find damage, set it aside, and go on."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import apsw

from ingest.journal import cursors, examine, layout, sealing, segment
from ingest.journal.examine import Finding
from ingest.journal.identities import IdentityIndex
from ingest.journal.layout import SegmentFile
from ingest.journal.port import Damage, Flaw
from ingest.journal.sealed import SealedSegment
from ingest.journal.segment import OpenSegment

BODY_BYTES = 256 * 1024 * 1024
"""So much of the sealed segments, newest first, is read through at start; of older ones the headers
are checked. Whoever reads them checks them whole."""


def open_index(folder: Path, *, vfs: str | None) -> tuple[IdentityIndex, list[Damage]]:
    """Open ``identity.db``; a damaged one is set aside and made again from the segments.

    Raises:
        apsw.Error, OSError: a new one cannot be made either.
    """
    path = folder / layout.IDENTITY
    try:
        index = IdentityIndex(path, vfs=vfs)
        wrong = index.check()
        if not wrong:
            return index, []
        index.close()
    except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError) as exc:
        wrong = str(exc)
    damage = Damage(
        file=path.name,
        flaw=Flaw.UNREADABLE,
        detail=f"{wrong}; made again from the segments that are still kept",
        kept_as=sealing.set_aside(folder, path),
    )
    return IdentityIndex(path, vfs=vfs), [damage]


class StartUp:
    """One pass over the folder. Afterwards ``newest`` can be written, and ``damages`` reported."""

    def __init__(self, folder: Path, *, vfs: str | None = None) -> None:
        """Check the folder and mend it.

        Raises:
            apsw.Error, OSError: the disk refuses.
        """
        self._folder = folder
        self._vfs = vfs
        layout.remove(layout.leftovers(folder))
        self.index, self.damages = open_index(folder, vfs=vfs)
        self.damages += self._foreign()
        ends = self._segments()
        self.damages += sealing.gaps(folder, ends)
        if self.damages:
            self._seal_all(ends)
        self.newest = self._newest(ends)
        self._tell_identities()

    def _foreign(self) -> Iterator[Damage]:
        for path in layout.foreign_files(self._folder):
            kept_as = sealing.set_aside(self._folder, path)
            yield Damage(file=path.name, flaw=Flaw.FOREIGN_FILE, kept_as=kept_as)

    def _segments(self) -> list[tuple[SegmentFile, int | None]]:
        """Examine all segments, newest first; return them in order with their last positions."""
        ends: list[tuple[SegmentFile, int | None]] = []
        room = BODY_BYTES
        following: int | None = None
        for file in reversed(layout.list_segments(self._folder)):
            finding = examine.examine(file, bodies=room > 0)
            room -= file.path.stat().st_size
            if finding.end is None and following is not None:
                finding = replace(finding, end=following - 1)
            following = file.first
            if file.sealed:
                file, finding = self._twin(file, finding)  # noqa: PLW2901 – the better of the two
            if finding.flaw is not None:
                self.damages.append(sealing.rescue(self._folder, file, finding, self.index))
                file = SegmentFile(  # noqa: PLW2901 – what is left of it
                    file.first, True, layout.segment_path(self._folder, file.first, layout.SEALED)
                )
            ends.append((file, finding.end))
        return ends[::-1]

    def _twin(self, file: SegmentFile, finding: Finding) -> tuple[SegmentFile, Finding]:
        """Decide between a sealed file and the open one it was made from, if that still exists."""
        path = layout.segment_path(self._folder, file.first, layout.OPEN)
        if not path.exists():
            return file, finding
        twin = SegmentFile(file.first, False, path)
        found = examine.examine(twin)
        if found.flaw is None and finding.flaw is None:
            layout.remove((path, *layout.companions(path)))
        elif finding.flaw is None:
            kept_as = sealing.set_aside(self._folder, path)
            self.damages.append(
                Damage(file=path.name, flaw=found.flaw or Flaw.UNREADABLE, kept_as=kept_as)
            )
        else:
            sealing.set_aside(self._folder, file.path)
            return twin, found
        return file, finding

    def _seal_all(self, ends: list[tuple[SegmentFile, int | None]]) -> None:
        """Seal what is not written any more: a reader cannot guess where a hole ends."""
        for file, _ in ends[:-1]:
            if not file.sealed:
                self.damages += sealing.seal(self._folder, file, self.index)

    def _newest(self, ends: list[tuple[SegmentFile, int | None]]) -> SegmentFile:
        """Return the segment to write on: the newest when it is whole, or else a new one."""
        if ends and not ends[-1][0].sealed:
            return ends[-1][0]
        first = 1
        if ends:
            file, end = ends[-1]
            first = (file.first + layout.SEGMENT_POSITIONS) if end is None else end + 1
        first = max(first, *(position + 1 for position in cursors.all_of(self._folder).values()), 1)
        path = layout.segment_path(self._folder, first, layout.OPEN)
        segment.create(path, first, vfs=self._vfs)
        return SegmentFile(first, False, path)

    def _tell_identities(self) -> None:
        """Merge what is sealed and not merged yet; remember what the open segments hold."""
        for file in layout.list_segments(self._folder):
            if not file.sealed:
                with closing(OpenSegment(file.path)) as open_segment:
                    written = [one for _, one in open_segment.identities() if one is not None]
                self.index.restore(file.first, sealing.told_by(written))
            elif file.first > self.index.merged_until():
                with closing(SealedSegment(file.path)) as finished:
                    self.index.merge(file.first, sealing.told_by(finished.identities()))
