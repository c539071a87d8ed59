"""Downloads."""

import pandas as pd

from pages.ui.layout import safe_csv


def test_no_cell_is_read_as_a_formula() -> None:
    table = pd.DataFrame({"name": ["=1+1", "@x", "+a", "-b", "\tc", "plain"], "value": [-1.5, 2, 3, 4, 5, 6]})
    lines = safe_csv(table).splitlines()
    assert lines[1:] == ["'=1+1,-1.5", "'@x,2.0", "'+a,3.0", "'-b,4.0", "'\tc,5.0", "plain,6.0"]


def test_the_table_itself_stays_as_it_is() -> None:
    table = pd.DataFrame({"=name": ["=1"]})
    assert safe_csv(table) == "'=name\n'=1\n"
    assert table.columns[0] == "=name"
    assert table.iloc[0, 0] == "=1"
