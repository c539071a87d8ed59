"""Tables of predictions from elsewhere are read in a child; hostile ones are refused in words."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from histo_core.comparison import import_reading
from histo_core.comparison.import_reading import read_import, read_import_file
from histo_core.errors import CorruptDataError, DataNotFoundError, UnsafeFileError

CSV = "id,prob_normal,prob_tumour\n0017,0.25,0.75\n0018,1,0\n"


def test_ids_of_a_csv_stay_text() -> None:
    table = read_import("mine.CSV", CSV.encode())
    assert table.to_dict("list") == {"id": ["0017", "0018"], "prob_normal": ["0.25", "1"], "prob_tumour": ["0.75", "0"]}


def test_a_parquet_file_keeps_its_types_and_its_names(tmp_path: Path) -> None:
    table = pd.DataFrame({"id": ["a", "b"], "=1+1": [0.25, np.nan]})
    table.to_parquet(tmp_path / "mine.parquet", index=False)
    found = read_import_file(tmp_path / "mine.parquet")
    pd.testing.assert_frame_equal(found, table, check_dtype=False)


def _wide() -> bytes:
    names = ",".join(f"c{number}" for number in range(1001))
    return f"{names}\n{names}\n".encode()


def _lists() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"id": [["a"], ["b"]]}), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "error", "said"),
    [
        ("mine.xlsx", b"PK", UnsafeFileError, r"Endings: \.csv, \.parquet"),
        ("mine", b"", UnsafeFileError, "no table of predictions"),
        ("mine.csv", b"", CorruptDataError, "cannot be read as CSV"),
        ("mine.csv", b"\xff\xfe\x00a", CorruptDataError, "cannot be read as CSV"),
        ("mine.csv", b"id,id\n1,2\n", CorruptDataError, "'id' more than once"),
        ("mine.csv", b"id\n1,2\n", CorruptDataError, "more cells than its header"),
        ("mine.csv", _wide(), UnsafeFileError, "1,001 columns"),
        ("mine.parquet", b"PAR1 no", CorruptDataError, "cannot be read as Parquet"),
        ("mine.parquet", _lists(), CorruptDataError, "lists, records or other values in 'id'"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(
    name: str, content: bytes, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        read_import(name, content)


def test_a_file_larger_than_allowed_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "huge.csv"
    with file.open("wb") as sparse:
        sparse.truncate(6 << 30)
    with pytest.raises(DataNotFoundError, match="at most"):
        read_import_file(file)
    monkeypatch.setattr(import_reading, "MAX_BYTES", 10)
    with pytest.raises(UnsafeFileError, match="At most 10 are read"):
        read_import("mine.csv", CSV.encode())


def test_a_table_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    read_import("mine.csv", CSV.encode())  # the child's modules are loaded
    monkeypatch.setattr(import_reading, "SECONDS", 0.001)
    rows = "\n".join(f"{number},0.5,0.5" for number in range(200_000))
    with pytest.raises(UnsafeFileError, match=r"not read within 0\.001 s"):
        read_import("mine.csv", f"id,a,b\n{rows}\n".encode())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="cannot be opened"):
        read_import_file(tmp_path / "none.csv")
