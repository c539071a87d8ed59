"""Keep freed memory in the process, because networks free and allocate the same large blocks repeatedly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from histo_core import glibc

_KEEP = 1 << 30
_USUAL_MMAP = 32 << 20
"""The value that glibc's own threshold reaches in a process that frees large blocks; it trims at twice this size."""

_lock = Lock()
_users = 0


@contextmanager
def kept_memory() -> Iterator[None]:
    """Reuse freed blocks of up to 1 GiB instead of returning them to the system; return them at the end.

    The C library maps a block of over 32 MiB again each time, and the system then clears it page by page. The maps of a
    batch of 64 patches are that large: a training step of a small network on a CPU took 1.2 to 1.4 times as long.
    Contexts may be nested and entered by several threads. If the C library is not GNU's, nothing changes. Results are
    the same in any case.
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
