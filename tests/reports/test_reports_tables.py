import pandas as pd

from histo_core.reports.tables import to_html


def test_html_shows_text_letter_by_letter() -> None:
    found = to_html(pd.DataFrame({"<b>": ["<i>x</i>"], "n": ["1 & 2"]}))
    assert "<i>" not in found
    assert '<th scope="row">&lt;i&gt;x&lt;/i&gt;</th><td>1 &amp; 2</td>' in found
