"""How a long task tells how far it is, and how it is asked to stop."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Told (done, in all) often enough for a bar to move; raises `histo_core.errors.CancelledError` when the task should
stop. A task that is left by an exception leaves nothing half-made behind."""


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""
    del done, total
