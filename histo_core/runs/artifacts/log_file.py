"""Read the end of a run's log; the file may be long, and its folder may be writable by others."""

from __future__ import annotations

from pathlib import Path

from histo_core.regular_files import read_end

_LINE_BYTES = 1_024
"""Average bytes a line; where lines are longer, fewer are returned."""
MAX_BYTES = 4 << 20


def log_end(path: Path, lines: int) -> list[str]:
    """Return the last lines of a log; empty where the file is missing, a link or not a regular file."""
    try:
        end = read_end(path, min(max(lines, 16) * _LINE_BYTES, MAX_BYTES))
    except OSError:
        return []
    return end.decode(errors="replace").splitlines()[-lines:]
