"""The coded table: filters and orders agree with pandas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from histo_core.config import Config, SplitConfig
from histo_core.data.dataset import UNLABELLED, Dataset
from histo_core.data.splits.make_split import make_split
from pages.shared.components.columns import Columns, code_columns, title


class Made(Dataset):
    """A table without pixels."""

    @classmethod
    def open(cls, root: object, options: Config, workspace: object) -> Dataset:
        raise NotImplementedError

    def read_source(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        return np.zeros((len(indices), 8, 8, 3), np.uint8)


@pytest.fixture
def made() -> Made:
    rng = np.random.default_rng(0)
    n = 3_000
    table = pd.DataFrame(
        {
            "sample_id": [f"s{row}" for row in rng.permutation(n)],
            "label": rng.integers(0, 3, n),
            "patient_id": [f"p{row % 40}" for row in range(n)],
            "magnification": rng.choice([40, 100, 200, 400], n),
            "scanner": rng.choice(["40X", "100X", ""], n),
            "note": "the same",
            "number": np.arange(n),
            "site": rng.choice(["a", None], n),
            "x": rng.choice([1.0, 2.0], n),
        }
    )
    table.loc[:9, "label"] = UNLABELLED
    return Made("made", table, ("one", "two", "three"))


@pytest.fixture
def coded(made: Made) -> Columns:
    return code_columns(made, make_split(made, SplitConfig(method="patient")))


def test_only_columns_that_divide_the_data_are_filters(coded: Columns) -> None:
    # "note" has one value, "site" one besides none, "number" has 3,000, and positions are no kinds.
    assert list(coded.filters) == ["magnification", "scanner", "patient_id"]
    assert coded.filters["magnification"].values == ("40", "100", "200", "400")


def test_numbers_in_names_are_ordered_as_numbers_and_empty_text_is_no_value(made: Made, coded: Columns) -> None:
    scanner = coded.filters["scanner"]
    assert scanner.values == ("40X", "100X")
    np.testing.assert_array_equal(scanner.where("100X"), made.table["scanner"] == "100X")
    np.testing.assert_array_equal(scanner.codes == -1, made.table["scanner"] == "")


@pytest.mark.parametrize("value", ["40", "400"])
def test_a_filter_finds_what_pandas_finds(made: Made, coded: Columns, value: str) -> None:
    expected = made.table["magnification"] == int(value)
    np.testing.assert_array_equal(coded.filters["magnification"].where(value), expected)


def test_parts_and_classes_are_those_of_the_split_and_the_table(made: Made, coded: Columns) -> None:
    split = make_split(made, SplitConfig(method="patient"))
    for split_set in ("train", "valid", "test"):
        np.testing.assert_array_equal(coded.split_set.where(split_set), split.split_sets == split_set)
    np.testing.assert_array_equal(coded.label.where("two"), made.table["label"] == 1)
    assert not (coded.split_set.codes[made.table["label"] == UNLABELLED] >= 0).any()


def test_rows_are_found_by_id_and_sorted_by_it(made: Made, coded: Columns) -> None:
    ids = made.table["sample_id"].tolist()
    np.testing.assert_array_equal(coded.find([ids[7], "nobody", ids[3]]), [7, -1, 3])
    np.testing.assert_array_equal([ids[row] for row in np.argsort(coded.id_order)], sorted(ids))


def test_titles_are_words() -> None:
    assert [title(name) for name in ("patient_id", "tumor_patch")] == ["Patient", "Tumor patch"]
