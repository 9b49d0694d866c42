"""Small files that are complete or as they were: written aside, made durable, renamed.

The one place for it: a rename without a sync before and after is no promise (after a power cut the
file may be empty, or its name gone).
"""

import os
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file as a whole, durably; who reads it sees the old one or the new one.

    It is readable by its owner alone. Processes may do so at the same time: the last one wins.

    Raises:
        OSError: the disk refuses; the file is as before.
    """
    aside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        with suppress(OSError):
            aside.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make created, renamed and removed names in a folder durable.

    Raises:
        OSError: the disk refuses.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
