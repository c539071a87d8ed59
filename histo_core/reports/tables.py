"""Render tables as HTML with all names escaped."""

from __future__ import annotations

import pandas as pd

from histo_core.shown_text import as_html


def to_html(table: pd.DataFrame) -> str:
    """Return an HTML table with escaped text; the first column is the row's header."""
    head = "".join(f'<th scope="col">{as_html(name)}</th>' for name in table.columns)
    body = "\n".join(
        f'<tr><th scope="row">{as_html(first)}</th>' + "".join(f"<td>{as_html(cell)}</td>" for cell in rest) + "</tr>"
        for first, *rest in table.itertuples(index=False)
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
