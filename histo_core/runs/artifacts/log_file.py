"""The end of a run's log, whose file may be long, and in a folder that others can write to."""

from __future__ import annotations

from pathlib import Path

from histo_core.regular_files import read_end

_LINE_BYTES = 1_024
"""Of a line, on average; longer ones leave fewer of them."""
MAX_BYTES = 4 << 20


def log_end(path: Path, lines: int) -> list[str]:
    """The last lines of a log; empty where there is none, or where it is a link or no regular file."""
    try:
        end = read_end(path, min(max(lines, 16) * _LINE_BYTES, MAX_BYTES))
    except OSError:
        return []
    return end.decode(errors="replace").splitlines()[-lines:]
