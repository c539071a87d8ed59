"""What Histoscope writes belongs to its user alone: folders get mode 700, files 600.

The umask of the process does this, because it holds for every library that writes: SQLite, Parquet, HDF5. Files that a
user asks for elsewhere (a report, an export) get the permissions that the user's own umask gives.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

OPEN_TO_OTHERS = 0o077
"""The permission bits of group and others."""

_asked: list[int] = []
"""The umask that the user had set, innermost last."""


def make_private() -> None:
    """Do as `private_files` for as long as the process lives; for a server, whose start no block encloses."""
    _asked.append(os.umask(OPEN_TO_OTHERS))


@contextmanager
def private_files() -> Iterator[None]:
    """Make what the block writes readable for this user alone, in this process and in those that it starts."""
    make_private()
    try:
        yield
    finally:
        os.umask(_asked.pop())


@contextmanager
def shared_files() -> Iterator[None]:
    """Make what the block writes readable for those whom the user's own umask allows."""
    before = os.umask(_asked[-1]) if _asked else None
    try:
        yield
    finally:
        if before is not None:
            os.umask(before)
