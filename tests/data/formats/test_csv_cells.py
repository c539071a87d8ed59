"""Tables as CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from histo_core.data.formats.csv_cells import to_csv, unescaped


def test_text_that_a_spreadsheet_would_run_is_disarmed_and_numbers_are_not() -> None:
    table = pd.DataFrame(
        {"name": ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "\nx", "plain", "a=b"], "-value": [-1.5, *range(8)]}
    )
    rows = list(csv.reader(io.StringIO(to_csv(table).decode(), newline="")))
    assert rows[0] == ["name", "'-value"]
    assert [row[0] for row in rows[1:]] == ["'=1+1", "'+x", "'-x", "'@x", "'\tx", "'\rx", "'\nx", "plain", "a=b"]
    assert rows[1][1] == "-1.5"


def test_what_was_disarmed_can_be_read_as_it_was() -> None:
    names = ["=1", "'=1", "''=1", "'", "'x", "x", "", "-", "'-", "\t", "camelyon16_train_tumor_001"]
    rows = list(csv.reader(io.StringIO(to_csv(pd.DataFrame({"name": names})).decode(), newline="")))
    written = [row[0] if row else "" for row in rows[1:]]
    assert written[:4] == ["'=1", "''=1", "'''=1", "'"]
    assert [unescaped(cell) for cell in written] == names


def test_commas_quotes_breaks_and_nothing_survive_the_round_trip() -> None:
    table = pd.DataFrame({"name": ['a,"b"\nc', "Ünï"], "value": [0.1 + 0.2, None]})
    back = pd.read_csv(io.BytesIO(to_csv(table)))
    assert list(back["name"]) == list(table["name"])
    assert back["value"][0] == pytest.approx(0.1 + 0.2, rel=1e-15)
    assert pd.isna(back["value"][1])


def test_the_table_itself_stays_as_it_is() -> None:
    table = pd.DataFrame({"=name": ["=1"]})
    assert to_csv(table) == b"'=name\r\n'=1\r\n"
    assert table.columns[0] == "=name"
    assert table.iloc[0, 0] == "=1"


def test_columns_of_one_name_are_both_kept() -> None:
    table = pd.DataFrame([["=a", "@b"]], columns=["x", "x"])
    assert to_csv(table).decode().splitlines() == ["x,x", "'=a,'@b"]
