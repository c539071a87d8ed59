"""One process at a time, and nothing left of those that were killed."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from histo_core.errors import DataError


@contextmanager
def alone(path: Path, task: str) -> Iterator[IO[bytes]]:
    """Hold a file, open at its end, for this process alone; the system gives it back however the process ends.

    Args:
        path: made when missing, with its folder; it stays.
        task: what is done meanwhile, as a clause for the message ("pcam is being converted").

    Raises:
        DataError: another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError(f"{task} by another process.", "One at a time.", "Wait for it, or cancel it.") from None
        yield file


def sweep(path: Path) -> None:
    """Remove what killed processes left of making the folder ``path`` (see `histo_core.files.new_folder`).

    Call it only while no other process can be making it.
    """
    for leftover in path.parent.glob(f".{path.name}.*.part"):
        shutil.rmtree(leftover)
