"""How the inner loops of the transforms are compiled.

They run without Python's lock in the one thread that calls them, and share nothing. So any number of threads may call
at once, and neither their number nor the batch changes a result. (Numba's own threads may not be used so: its always
available layer ends the process when two threads call it.)

Compiled code is kept beside its file, or in the user's cache folder where that cannot be written. It is made anew when
its own file changes, and only then: so a compiled function calls none of another file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable[..., Any]) -> Any:
    """Compile on the first call. ``contract`` allows a product and a sum to be rounded once."""
    options = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # nowhere to keep it
        return numba.njit(**options)(function)
