"""Report the progress of long tasks, and ask them to stop."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with (done, total) often enough for a progress bar to move. It raises `histo_core.errors.CancelledError` when
the task should stop. A task that ends with an exception leaves nothing incomplete behind."""


def silent(done: int, total: int) -> None:
    """Ignore progress."""
    del done, total
