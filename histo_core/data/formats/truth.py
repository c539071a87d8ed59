"""Parse 0 and 1 as tables write them: 0, 1, 0.0, 1.0, True, False."""

from __future__ import annotations

import re

_WORDS = {"true": 1, "false": 0}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII)


def zero_or_one(cell: str) -> int | None:
    """Return the 0 or 1 that a cell means, or None where it means neither.

    Args:
        cell: a number equal to 0 or 1 in any spelling ("1", "1.0", "1e0"), or true or false in any case; surrounding
            spaces are ignored.
    """
    text = cell.strip().lower()
    if text in _WORDS:
        return _WORDS[text]
    value = float(text) if _NUMBER.fullmatch(text) else None
    return None if value is None or value not in (0.0, 1.0) else int(value)
