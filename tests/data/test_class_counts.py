"""Counts by any column, against pandas' own cross table."""

import numpy as np
import pandas as pd
import pytest

from histo_core.data.class_counts import counts_by, offered_columns
from histo_core.data.dataset import UNLABELLED


def test_counts_agree_with_a_cross_table(make_dataset) -> None:
    rng = np.random.default_rng(0)
    labels, slides = rng.integers(0, 3, 500), rng.integers(0, 12, 500).astype(str)
    counts = counts_by(make_dataset(labels, ("a", "b", "c"), slide_id=slides), "slide_id")
    expected = pd.crosstab(slides, labels).to_numpy()
    order = np.argsort(np.unique(slides).astype(int))  # numbers in order: 2 before 10
    np.testing.assert_array_equal(counts[["a", "b", "c"]], expected[order])
    np.testing.assert_array_equal(counts["total"], expected[order].sum(axis=1))
    assert counts.index.tolist() == [str(n) for n in range(12)]
    assert counts.index.name == "slide_id"


def test_parts_come_in_their_order_and_missing_values_last(make_dataset) -> None:
    dataset = make_dataset([0, 1, 1, 0], split=["test", "train", None, "valid"])
    counts = counts_by(dataset, "split")
    assert counts.index.tolist() == ["train", "valid", "test", "unknown"]
    assert counts.to_numpy().tolist() == [[0, 1, 1], [1, 0, 1], [1, 0, 1], [0, 1, 1]]


def test_patches_without_a_label_count_in_the_total_alone(make_dataset) -> None:
    counts = counts_by(make_dataset([0, UNLABELLED, UNLABELLED], group=["1", "1", "2"]), "group")
    assert counts.to_numpy().tolist() == [[1, 0, 2], [0, 0, 1]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([400, 40, 100, 40], ["40", "100", "400"]),
        ([400.0, np.nan, 100.0, 40.0], ["40", "100", "400", "unknown"]),
        ([True, False, True, True], ["False", "True"]),
        (["<b>x</b>", "s10", "s9", "s10"], ["<b>x</b>", "s9", "s10"]),
        (["\u00b2 pixels", "10", "9", "\u0661\u0662"], ["9", "10", "\u0661\u0662", "\u00b2 pixels"]),
    ],
)
def test_values_are_written_as_readers_write_them(make_dataset, values: list, expected: list[str]) -> None:
    assert counts_by(make_dataset([0, 1, 0, 1], magnification=values), "magnification").index.tolist() == expected


def test_columns_worth_counting_by_are_offered(make_dataset) -> None:
    n = 300
    dataset = make_dataset(
        np.zeros(n, int),
        split="train",
        patient_id=[f"p{row}" for row in range(n)],
        slide_id=None,
        x=np.arange(n),
        y=np.zeros(n),
        magnification=np.arange(n) % 4,
        image_number=np.arange(n),
        constant="same",
    )
    assert offered_columns(dataset) == ("split", "patient_id", "magnification")
