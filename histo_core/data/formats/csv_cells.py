"""Write CSV that is safe to open in a spreadsheet, whatever its text cells contain."""

from __future__ import annotations

import re

import pandas as pd

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
"""Spreadsheets run a text cell that begins so as a formula (OWASP, CSV injection). The apostrophe is listed because it
marks a cell that was protected before."""


def to_csv(table: pd.DataFrame) -> bytes:
    """Return CSV (RFC 4180) in UTF-8. Text that a spreadsheet would run gets a leading apostrophe; numbers never do."""
    safe = table.rename(columns=_disarmed)
    for place, kind in enumerate(safe.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            safe.isetitem(place, safe.iloc[:, place].map(_disarmed))
    return safe.to_csv(index=False, lineterminator="\r\n").encode()


def unescaped(cell: str) -> str:
    """Undo `to_csv` for one cell: remove the apostrophe that keeps a formula from being run."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _disarmed(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell
