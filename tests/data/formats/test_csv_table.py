"""CSV files that users bring."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from histo_core.data.formats.csv_table import read_csv, refuse_repeated
from histo_core.data.sources.pcam_meta import read_meta
from histo_core.errors import CorruptDataError


@pytest.mark.parametrize(
    "header",
    [
        *(
            "id,label,label",
            "id,label,id",
            "label,id,label,id",
            "id,label,note,note",
            "id,label, label",
            'id,"label",label',
        ),
        *("\ufeffid,label,id", "id,label,label\r", "id,label,label.1,label"),
    ],
)
def test_a_column_twice_is_refused_whatever_it_is_called(header: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    cells = ",".join("1" * (header.count(",") + 1))
    for rows in ("", f"{cells}\n{cells}\n", f"{cells},9,9\n"):  # also before what is wrong with a row
        path.write_text(f"{header}\n{rows}", encoding="utf-8", newline="")
        with pytest.raises(CorruptDataError, match=r"more than once\. Each column .* Rename one\."):
            read_csv(path, ("id", "label"))


@pytest.mark.parametrize("header", ["id,label,,", "id,label,label.1", "id,label,Label", "\ufeffid,label"])
def test_other_columns_do_not_matter(header: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"{header}\n{','.join('abcd'[: header.count(',') + 1])}\n", encoding="utf-8")
    assert read_csv(path, ("id", "label")).to_dict("list") == {"id": ["a"], "label": ["b"]}


def test_the_metadata_of_pcam_is_refused_alike(tmp_path: Path) -> None:
    path = tmp_path / "meta.csv"
    path.write_text(",wsi,coord_x,coord_y,wsi\n0,a,1,2,b\n")
    with pytest.raises(CorruptDataError, match="has the column 'wsi' more than once"):
        read_meta(path, 1)
    path.write_text(",wsi,coord_x,coord_y,center_tumor_patch,tumor_patch\n0,a,1,2,1.0,true\n1,a,1,2,FALSE,0.0\n")
    table, centre, wrong = read_meta(path, 2)
    np.testing.assert_array_equal(centre, [1, 0])
    assert table["tumor_patch"].tolist() == [True, False]
    assert wrong == {}


def test_names_of_columns_are_compared_without_spaces_around_them() -> None:
    refuse_repeated(["a", "b", "", "", "A", "a b"], Path("t.csv"))
    with pytest.raises(CorruptDataError, match="has the column 'a' more than once"):
        refuse_repeated(["a", " a "], Path("t.csv"))
