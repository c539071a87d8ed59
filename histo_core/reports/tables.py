"""Tables as HTML, safe to open whatever the names in them are."""

from __future__ import annotations

import pandas as pd

from histo_core.shown_text import as_html


def to_html(table: pd.DataFrame) -> str:
    """An HTML table of text that is shown letter by letter; the first column heads the row."""
    head = "".join(f'<th scope="col">{as_html(name)}</th>' for name in table.columns)
    body = "\n".join(
        f'<tr><th scope="row">{as_html(first)}</th>' + "".join(f"<td>{as_html(cell)}</td>" for cell in rest) + "</tr>"
        for first, *rest in table.itertuples(index=False)
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
