"""Tables as CSV and HTML, safe to open whatever the names in them are."""

from __future__ import annotations

import html

import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text cell that begins so is run as a formula by spreadsheets (OWASP, CSV injection)."""


def to_csv(table: pd.DataFrame) -> bytes:
    """CSV (RFC 4180) in UTF-8. Text that a spreadsheet would run gets a leading apostrophe; numbers never do."""
    safe = table.map(_disarmed).rename(columns=_disarmed)
    return safe.to_csv(index=False, lineterminator="\r\n").encode()


def _disarmed(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def to_html(table: pd.DataFrame) -> str:
    """An HTML table of text that is shown letter by letter; the first column heads the row."""
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in table.columns)
    body = "\n".join(
        f'<tr><th scope="row">{html.escape(str(first))}</th>'
        + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in table.itertuples(index=False)
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
