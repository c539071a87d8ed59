"""Tables as CSV that is safe to open, whatever the names in them are."""

from __future__ import annotations

import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text cell that begins so is run as a formula by spreadsheets (OWASP, CSV injection)."""


def to_csv(table: pd.DataFrame) -> bytes:
    """CSV (RFC 4180) in UTF-8. Text that a spreadsheet would run gets a leading apostrophe; numbers never do."""
    safe = table.map(_disarmed).rename(columns=_disarmed)
    return safe.to_csv(index=False, lineterminator="\r\n").encode()


def _disarmed(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
