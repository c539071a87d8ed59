"""The GNU C library's allocator; where the C library is another, nothing is changed."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # parameters of glibc's mallopt


def gnu_libc() -> ctypes.CDLL | None:
    """This process's C library; None where it is not GNU's."""
    try:
        libc = ctypes.CDLL(None)
    except (OSError, TypeError):  # a system without a C library under its program's own names
        return None
    return libc if hasattr(libc, "gnu_get_libc_version") else None


def keep_blocks(*, up_to: int, trim: int) -> None:
    """Keep freed blocks for the next request.

    Args:
        up_to: bytes of the largest block that is kept; a larger one goes back to the system when it is freed.
        trim: bytes at the end of the heap from which on they go back, too.
    """
    if libc := gnu_libc():
        libc.mallopt(_MMAP_THRESHOLD, up_to)
        libc.mallopt(_TRIM_THRESHOLD, trim)


def share_heaps(number: int) -> None:
    """Let threads that start from now on share so many heaps; usual are 8 for each core, none of which shrinks much."""
    if libc := gnu_libc():
        libc.mallopt(_ARENA_MAX, number)


def give_back() -> None:
    """Return freed memory to the system."""
    if libc := gnu_libc():
        libc.malloc_trim(0)
