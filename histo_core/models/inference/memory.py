"""Memory that a network frees and asks for again at once stays with the process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from histo_core import glibc

_KEEP = 1 << 30
_USUAL_MMAP = 32 << 20
"""Where glibc's own threshold ends up in a process that frees large blocks; it trims at twice as much."""

_lock = Lock()
_users = 0


@contextmanager
def kept_memory() -> Iterator[None]:
    """Let freed blocks of up to 1 GiB be used again instead of going back to the system; give them back at the end.

    The C library maps a block of over 32 MiB anew each time, and the system then clears it page by page. The maps of a
    batch of 64 patches are that large: a training step of a small network on a CPU took 1.2 to 1.4 times as long.

    Contexts may be nested and entered by several threads. Where the C library is not GNU's nothing is changed, and
    what is computed is the same in any case.
    """
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            glibc.keep_blocks(up_to=_KEEP, trim=_KEEP)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                glibc.keep_blocks(up_to=_USUAL_MMAP, trim=2 * _USUAL_MMAP)
                glibc.give_back()
