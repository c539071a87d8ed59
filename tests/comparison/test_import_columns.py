"""The columns of an imported table: proposed by name, and what they hold is checked to the last cell."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pytest

from histo_core.comparison.import_columns import ImportColumns, imported_table, propose_columns
from histo_core.data.export.kaggle_submission import submission_csv
from histo_core.errors import ConfigError, CorruptDataError

CLASSES = ("normal", "tumour")
COLUMNS = ImportColumns("id", {"normal": "a", "tumour": "b"}, "said")


def table(**changes: Any) -> pd.DataFrame:
    """Three rows as a CSV gives them."""
    given = {
        "id": ["x", "y", "z"],
        "a": ["0.25", "1", "0.5"],
        "b": ["0.75", "0", "0.5"],
        "said": ["Tumor", "", "normal"],
    }
    return pd.DataFrame(given | changes)


def test_what_counts_keeps_the_contract_of_predictions() -> None:
    found = imported_table(table(), COLUMNS)
    assert found["sample_id"].tolist() == ["x", "y", "z"]
    assert found["y_true"].fillna("none").tolist() == ["tumour", "none", "normal"]
    assert found["y_pred"].tolist() == ["tumour", "normal", "normal"]
    np.testing.assert_array_equal(found[["prob_normal", "prob_tumour"]], [[0.25, 0.75], [1, 0], [0.5, 0.5]])


def test_of_two_classes_one_column_is_enough() -> None:
    found = imported_table(table(), ImportColumns("id", {"normal": "", "tumour": "b"}))
    np.testing.assert_array_equal(found["prob_normal"], [0.25, 1, 0.5])
    assert found["y_true"].isna().all()


def test_whole_numbers_of_a_parquet_file_are_ids() -> None:
    found = imported_table(table(id=[7, 8, 9], a=[0.25, 1, 0.5], b=[0.75, 0, 0.5]), COLUMNS)
    assert found["sample_id"].tolist() == ["7", "8", "9"]


def test_our_own_tables_and_submissions_are_recognised(make) -> None:
    ours = make().table
    found = propose_columns(list(ours), CLASSES, "tumour")
    assert found == ImportColumns("sample_id", {"normal": "prob_normal", "tumour": "prob_tumour"}, "y_true")
    submission = pd.read_csv(BytesIO(submission_csv(ours, "tumour")), dtype=str)
    assert propose_columns(list(submission), CLASSES, "tumour").sample_id == "id"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Image", "Tumor", "Normal"], ImportColumns("Image", {"normal": "Normal", "tumour": "Tumor"})),
        (["id", "p_normal", "P Tumour"], ImportColumns("id", {"normal": "p_normal", "tumour": "P Tumour"})),
        (["id", "probability"], ImportColumns("id", {"normal": "", "tumour": "probability"})),
        (["a", "b"], ImportColumns("", {"normal": "", "tumour": ""})),
        (["id", "malignant", "label"], ImportColumns("id", {"normal": "", "tumour": "malignant"}, "label")),
    ],
)
def test_columns_are_proposed_by_name_spelling_and_synonym(names: list[str], expected: ImportColumns) -> None:
    assert propose_columns(names, CLASSES, "tumour", {"tumour": ("malignant",)}) == expected


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"a": ["0.25", "", "0.5"]}, r"a '' in row 2 is no probability"),
        ({"a": ["0.25", "nan", "0.5"]}, "a 'nan' in row 2 is no probability"),
        ({"a": ["0.25", "1e400", "0.5"]}, "a '1e400' in row 2 is no probability"),
        ({"a": ["0.25", "0,5", "=1+1"]}, "a '0,5' in row 2 is no probability; so in 2 of 3 rows"),
        ({"a": ["-0.25", "1", "0.5"]}, "in row 1 is no probability"),
        ({"a": [2.5, 1, 0.5]}, r"a '2\.5' in row 1 is no probability"),
        ({"b": ["0.75", "0", "0.6"]}, r"in row 3 \('z'\) sum to 1\.1"),
        ({"id": ["x", "y", "x"]}, "id 'x' in row 3 stands there twice"),
        ({"id": ["x", " x", "y"]}, "id 'x' in row 2 stands there twice"),
        ({"id": ["x", "", "z"]}, "id '' in row 2 is missing"),
        ({"id": ["x", None, "z"]}, "in row 2 is missing"),
        ({"id": ["x", "y\0", "z"]}, "in row 2 is no text that can be kept"),
        (
            {"said": ["Tumor", "stroma", "1"]},
            r"said 'stroma' in row 2 is no class; so in 2 of 3 rows\. Classes: normal",
        ),
    ],
)
def test_a_wrong_cell_is_named_with_its_row(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(CorruptDataError, match=said):
        imported_table(table(**changes), COLUMNS)


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(CorruptDataError, match="no row"):
        imported_table(table().iloc[:0], COLUMNS)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (replace(COLUMNS, sample_id=""), "No column of ids"),
        (replace(COLUMNS, sample_id="nothing"), "no column 'nothing'"),
        (replace(COLUMNS, y_true="b"), "'b' is chosen twice"),
        (replace(COLUMNS, probabilities={"normal": "", "tumour": ""}), "probability of normal, tumour"),
        (replace(COLUMNS, probabilities={"a": "a", "b": "b", "c": ""}), "probability of c"),
    ],
)
def test_columns_that_do_not_fit_are_refused(columns: ImportColumns, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        imported_table(table(), columns)


def test_forty_classes_and_names_that_are_formulas() -> None:
    classes = [f'=HYPERLINK("x{number}")' for number in range(40)]
    columns = [f"prob_{name}" for name in classes]
    values = np.full((3, 40), 1 / 40)
    wide = pd.concat([table()[["id"]], pd.DataFrame(values, columns=columns)], axis=1)
    proposed = propose_columns(list(wide), classes, classes[0])
    assert list(proposed.probabilities.values()) == columns
    found = imported_table(wide, proposed)
    assert [name for name in found if name.startswith("prob_")] == columns


def test_a_column_of_ids_chosen_as_labels_is_refused_at_once() -> None:
    n = 20_000
    many = pd.DataFrame({"id": np.arange(n), "p": np.full(n, 0.5), "said": [f"label {i}" for i in range(n)]})
    with pytest.raises(CorruptDataError, match="is no class; so in 20,000 of 20,000 rows"):
        imported_table(many, ImportColumns("id", {"normal": "", "tumour": "p"}, "said"))
