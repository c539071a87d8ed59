"""Configure the GNU C library's allocator; with another C library, do nothing."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # parameters of glibc's mallopt


def gnu_libc() -> ctypes.CDLL | None:
    """Return this process's C library; None where it is not GNU's."""
    try:
        libc = ctypes.CDLL(None)
    except (OSError, TypeError):  # the program's own symbols contain no C library on some systems
        return None
    return libc if hasattr(libc, "gnu_get_libc_version") else None


def keep_blocks(*, up_to: int, trim: int) -> None:
    """Keep freed blocks for the next request.

    Args:
        up_to: bytes of the largest block to keep; a larger one returns to the system when it is freed.
        trim: free bytes at the end of the heap from which on they return to the system too.
    """
    if libc := gnu_libc():
        libc.mallopt(_MMAP_THRESHOLD, up_to)
        libc.mallopt(_TRIM_THRESHOLD, trim)


def share_heaps(number: int) -> None:
    """Let threads that start later share this many heaps; the default is 8 a core, none of which shrinks much."""
    if libc := gnu_libc():
        libc.mallopt(_ARENA_MAX, number)


def give_back() -> None:
    """Return freed memory to the system."""
    if libc := gnu_libc():
        libc.malloc_trim(0)
