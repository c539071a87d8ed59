"""Tables as CSV that is safe to open, whatever the names in them are."""

from __future__ import annotations

import re

import pandas as pd

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
"""A text cell that begins so is run as a formula by spreadsheets (OWASP, CSV injection), or reads as one that was kept
from it."""


def to_csv(table: pd.DataFrame) -> bytes:
    """CSV (RFC 4180) in UTF-8. Text that a spreadsheet would run gets a leading apostrophe; numbers never do."""
    safe = table.rename(columns=_disarmed)
    for place, kind in enumerate(safe.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            safe.isetitem(place, safe.iloc[:, place].map(_disarmed))
    return safe.to_csv(index=False, lineterminator="\r\n").encode()


def as_it_was(cell: str) -> str:
    """A text as it was before `to_csv` wrote it: without the apostrophe that keeps a formula from being run."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _disarmed(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell
