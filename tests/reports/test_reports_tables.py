import csv
import io

import pandas as pd

from histo_core.reports.tables import to_csv, to_html


def test_text_that_a_spreadsheet_would_run_is_disarmed_and_numbers_are_not() -> None:
    table = pd.DataFrame(
        {"name": ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "plain", "a=b"], "-value": [-1.5, *range(7)]}
    )
    rows = list(csv.reader(io.StringIO(to_csv(table).decode(), newline="")))
    assert rows[0] == ["name", "'-value"]
    assert [row[0] for row in rows[1:]] == ["'=1+1", "'+x", "'-x", "'@x", "'\tx", "'\rx", "plain", "a=b"]
    assert rows[1][1] == "-1.5"


def test_commas_quotes_breaks_and_nothing_survive_the_round_trip() -> None:
    table = pd.DataFrame({"name": ['a,"b"\nc', "Ünï"], "value": [0.1 + 0.2, None]})
    back = pd.read_csv(io.BytesIO(to_csv(table)))
    assert list(back["name"]) == list(table["name"])
    assert back["value"][0] == 0.1 + 0.2
    assert pd.isna(back["value"][1])


def test_html_shows_text_letter_by_letter() -> None:
    found = to_html(pd.DataFrame({"<b>": ["<i>x</i>"], "n": ["1 & 2"]}))
    assert "<i>" not in found
    assert '<th scope="row">&lt;i&gt;x&lt;/i&gt;</th><td>1 &amp; 2</td>' in found
