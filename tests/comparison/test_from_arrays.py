"""`compare_predictions`: arrays give what runs give, and arrays that make no sense are refused in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from histo_core.comparison.api import compare_predictions
from histo_core.comparison.compare import compare
from histo_core.comparison.join import Joined, join
from histo_core.errors import ComparisonError


def arrays(joined: Joined) -> dict[str, np.ndarray]:
    return {run.name: table for run, table in zip(joined.runs, joined.probabilities, strict=True)}


def same_numbers(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    ids = [column for column in expected if str(column).endswith("id")]
    pd.testing.assert_frame_equal(found.drop(columns=ids), expected.drop(columns=ids))


def test_two_classes_give_the_numbers_that_runs_give(three: Joined) -> None:
    expected = compare(three, threshold=0.3)
    for given in (arrays(three), {name: table[:, 1] for name, table in arrays(three).items()}):
        found = compare_predictions(three.y_true, given, three.groups, classes=three.classes, threshold=0.3)
        same_numbers(found.table(), expected.table())
        same_numbers(found.difference_table(), expected.difference_table())
        assert (found.verdict, found.warnings, found.basis) == (expected.verdict, expected.warnings, expected.basis)
        assert [len(one.roc.fpr) for one in found.results] == [len(one.roc.fpr) for one in expected.results]


def test_many_classes_give_the_numbers_that_runs_give(make) -> None:
    classes = ("stroma", "lymphocytes", "tumour")
    runs = [make("a1", "A", classes=classes, noise=1), make("b2", "B", classes=classes, noise=2)]
    joined = join(runs)
    names = np.array(classes)[joined.y_true]
    expected = compare(joined, class_of_interest="stroma")
    found = compare_predictions(
        names, arrays(joined), joined.groups, classes=classes, class_of_interest="stroma", confidence=0.95
    )
    same_numbers(found.table(), expected.table())
    assert found.verdict == expected.verdict
    assert found.results[1].overall == expected.results[1].overall


def test_without_groups_samples_are_independent_and_that_is_said(make) -> None:
    joined = join([make("a1", "A", patients=None)])
    expected, found = compare(joined), compare_predictions(joined.y_true, arrays(joined))
    assert found.results[0].auroc == expected.results[0].auroc
    assert found.warnings == expected.warnings
    assert found.classes == ("0", "1")


def test_slides_are_called_slides(three: Joined) -> None:
    found = compare_predictions(three.y_true, arrays(three), three.groups, group_kind="slide")
    assert "on these 12 slides." in found.verdict
    assert any("slides count as independent" in warning for warning in found.warnings)


def test_a_model_that_was_named_beforehand_is_compared_with_the_others(three: Joined) -> None:
    found = compare_predictions(three.y_true, arrays(three), three.groups, comparator="Coin")
    assert found.comparator == "Coin"
    assert [pair.other for pair in found.differences] == ["Coin", "Coin"]
    assert found.verdict == replace(compare(three, comparator="c3")).verdict


@pytest.mark.parametrize(
    "y_true",
    [[0, 1, 1, 0], (False, True, True, False), np.array([0.0, 1.0, 1.0, 0.0]), np.array([0, 1, 1, 0], dtype=object),
     pd.Series([0, 1, 1, 0])],
    ids=["list", "truth", "float", "object", "series"],
)  # fmt: skip
def test_labels_may_come_as_any_numbers(y_true) -> None:
    found = compare_predictions(y_true, {"a": pd.Series([0.2, 0.7, 0.6, 0.4])})
    assert found.y_true.tolist() == [0, 1, 1, 0]
    assert found.results[0].auroc is not None
    assert found.results[0].auroc.value == 1


Y, P = [0, 1, 1, 0], [0.2, 0.7, 0.6, 0.4]
THREE = [[0.2, 0.3, 0.5]] * 4


@pytest.mark.parametrize(
    ("y_true", "predictions", "more", "message"),
    [
        ([], {"a": []}, {}, "y_true has shape (0,)"),
        ([[0], [0, 1]], {"a": P}, {}, "y_true is no array"),
        ([Y], {"a": P}, {}, "y_true has shape (1, 4)"),
        (Y, {}, {}, "No predictions are given"),
        (Y, [P, P], {}, "No predictions are given"),
        (Y, {1: P}, {}, "A model is named 1."),
        (Y, {" ": P}, {}, "A model is named ' '."),
        (Y, {"a": P[:3]}, {}, "The predictions of a have shape (3,)"),
        (Y, {"a": [[one] for one in P]}, {}, "The predictions of a have shape (4, 1)"),
        (Y, {"a": ["x"] * 4}, {}, "The predictions of a are no array of numbers"),
        (Y, {"a": [0.1, [0.2], 0.3, 0.4]}, {}, "The predictions of a are no array of numbers"),
        (Y, {"a": [0.2, 1.7, -3, 0.4]}, {}, "2 predictions of a are no probabilities; the first is 1.7, in row 1."),
        (Y, {"a": [0.2, float("nan"), 1, 0.4]}, {}, "the first is nan, in row 1."),
        (Y, {"a": [[0.2, 0.8]] * 3 + [[0.4, 0.4]]}, {}, "The probabilities of a in row 3 sum to 0.8."),
        (Y, {"a": P, "b": THREE}, {}, "b has probabilities of 3 classes; a has 2."),
        (Y, {"a": THREE}, {"classes": ["x", "y"]}, "The classes are x, y. 3 different names are expected"),
        (Y, {"a": P}, {"classes": ["x", "x"]}, "The classes are x, x. 2 different names are expected"),
        ([0, 2, 1, 0], {"a": P}, {}, "No class: 1 of 4 labels; the first is"),
        ([0, 0.5, 1, 0], {"a": P}, {}, "No class: 1 of 4 labels; the first is"),
        ([0, float("nan"), 1, 0], {"a": P}, {}, "No class: 1 of 4 labels; the first is"),
        ([0, None, 1, 0], {"a": P}, {}, "No class: 1 of 4 labels; the first is None, in row 1."),
        (list("xyyx"), {"a": P}, {}, "y_true holds 'x'"),
        (list("xyzx"), {"a": P}, {"classes": ["x", "y"]}, "No class: 1 of 4 labels; the first is"),
        (Y, {"a": P}, {"groups": [1, 2]}, "The groups have shape (2,) for 4 samples"),
        (Y, {"a": P}, {"groups": [1, 2, None, float("nan")]}, "2 of 4 group ids are missing"),
        (Y, {"a": P}, {"class_of_interest": "tumour"}, "'tumour' is no class of these runs. Classes: 0, 1."),
        (Y, {"a": P}, {"comparator": "b"}, "The comparator 'b' is not among the runs. Runs: a."),
        (Y, {"a": P}, {"threshold": 1.5}, "threshold = 1.5."),
        (Y, {"a": P}, {"threshold": "validation:youden"}, "no labelled validation predictions"),
        (Y, {"a": P}, {"confidence": 95}, "confidence = 95."),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(y_true, predictions, more, message: str) -> None:
    with pytest.raises(ComparisonError) as refused:
        compare_predictions(y_true, predictions, **more)
    assert message in str(refused.value)
    assert refused.value.remedy


def test_a_missing_class_has_no_auroc_and_the_verdict_says_so() -> None:
    found = compare_predictions([0, 0, 0, 0], {"a": P})
    assert found.results[0].auroc is None
    assert found.verdict.startswith("AUROC is not defined here")
