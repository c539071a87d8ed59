"""Lock work to one process at a time, and clean up after killed processes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from histo_core.errors import DataError
from histo_core.locks import try_lock


@contextmanager
def exclusive(path: Path, task: str) -> Iterator[IO[bytes]]:
    """Lock a file, open at its end, for this process; the system releases the lock however the process ends.

    Args:
        path: created if missing, with its folder; it stays.
        task: the work under the lock, as a clause for the message ("pcam is being converted").

    Raises:
        DataError: another process holds it.
    """
    file = try_lock(path)
    if file is None:
        raise DataError(f"{task} by another process.", "One at a time.", "Wait for it, or cancel it.")
    with file:
        yield cast(IO[bytes], file.buffer)


def sweep(path: Path) -> None:
    """Remove what killed processes left behind while creating the folder ``path`` (see `histo_core.files.new_folder`).

    Call it only while no other process can be creating it.
    """
    for leftover in path.parent.glob(f".{path.name}.*.part"):
        shutil.rmtree(leftover)
