"""One process at a time, and nothing left of those that were killed."""

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
    """Hold a file, open at its end, for this process alone; the system gives it back however the process ends.

    Args:
        path: made when missing, with its folder; it stays.
        task: what is done meanwhile, as a clause for the message ("pcam is being converted").

    Raises:
        DataError: another process holds it.
    """
    file = try_lock(path)
    if file is None:
        raise DataError(f"{task} by another process.", "One at a time.", "Wait for it, or cancel it.")
    with file:
        yield cast(IO[bytes], file.buffer)


def sweep(path: Path) -> None:
    """Remove what killed processes left of making the folder ``path`` (see `histo_core.files.new_folder`).

    Call it only while no other process can be making it.
    """
    for leftover in path.parent.glob(f".{path.name}.*.part"):
        shutil.rmtree(leftover)
