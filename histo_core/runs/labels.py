"""What a user may write on the runs of a launch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict


class RunLabels(TypedDict, total=False):
    """Priority, tags and note of each run of a launch; see `histo_core.runs.api.launch` for their meaning."""

    priority: int
    tags: Sequence[str]
    note: str
