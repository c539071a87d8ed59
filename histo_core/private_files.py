"""Keep what Histoscope writes private to its user: folders get mode 700, files 600.

The umask of the process does this, because it applies to every library that writes: SQLite, Parquet, HDF5. Files that a
user saves elsewhere (a report, an export) get the permissions of the user's own umask.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

OPEN_TO_OTHERS = 0o077
"""The permission bits of group and others."""

_asked: list[int] = []
"""The user's own umasks, innermost last."""


def make_private() -> None:
    """Apply `private_files` for the life of the process; for a server, whose start no block encloses."""
    _asked.append(os.umask(OPEN_TO_OTHERS))


@contextmanager
def private_files() -> Iterator[None]:
    """Make files that the block writes readable for this user only, in this process and its child processes."""
    make_private()
    try:
        yield
    finally:
        os.umask(_asked.pop())


@contextmanager
def shared_files() -> Iterator[None]:
    """Make files that the block writes readable for those whom the user's own umask allows."""
    before = os.umask(_asked[-1]) if _asked else None
    try:
        yield
    finally:
        if before is not None:
            os.umask(before)
