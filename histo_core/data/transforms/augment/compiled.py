"""Compile the inner loops of the transforms with numba.

They run without Python's lock in the calling thread and share no data. So any number of threads may call them at once,
and neither the number of threads nor the batch changes a result. (Numba's own threads are not used: the threading layer
that is always available kills the process when two threads call it.)

Compiled code is cached beside its file, or in the user's cache folder if that cannot be written. It is compiled again
only when its own file changes, so a compiled function must not call one of another file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function on its first call. ``contract`` lets a product and a sum be rounded together, once."""
    options = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no writable place for numba's cache
        return numba.njit(**options)(function)
