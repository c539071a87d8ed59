"""Waiting for a lock that is held for seconds only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from histo_core.errors import StoreError
from histo_core.locks import try_lock


@contextmanager
def locked(path: Path, timeout: float = 60.0) -> Iterator[None]:
    """Hold a lock for a block of code.

    Raises:
        StoreError: another process has kept the lock for ``timeout`` seconds.
    """
    deadline = time.monotonic() + timeout
    while (file := try_lock(path)) is None:
        if time.monotonic() > deadline:
            raise StoreError(
                f"Another process has held {path} for {timeout:.0f} s.",
                "It is held for seconds only, while the database is made or upgraded.",
                "Wait for that process, or stop it.",
            )
        time.sleep(0.02)
    with file:
        yield
