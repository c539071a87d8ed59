"""Tables as HTML, safe to open whatever the names in them are."""

from __future__ import annotations

import html

import pandas as pd


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
