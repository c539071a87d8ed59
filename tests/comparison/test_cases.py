"""Six patches of two models, small enough to sort by hand."""

import numpy as np
import pandas as pd
import pytest

from histo_core.comparison.case_rules import CaseRule
from histo_core.comparison.cases import MOST_RANKED, case_table, cases
from histo_core.comparison.compare import compare
from histo_core.comparison.from_arrays import joined_arrays
from histo_core.comparison.label_errors import OutOfFold, suspected_classes
from histo_core.comparison.offered_cases import offered_rules, rule_words
from histo_core.comparison.results import Comparison
from histo_core.errors import ComparisonError

TRUTH = [1, 1, 1, 0, 0, 0]
A, B = [0.9, 0.4, 0.2, 0.6, 0.3, 0.1], [0.8, 0.7, 0.3, 0.9, 0.2, 0.55]
CLASSES = ("normal", "tumour")


@pytest.fixture
def two() -> Comparison:
    joined = joined_arrays(
        TRUTH,
        {"a": A, "b": B},
        ["p1", "p1", "p2", "p2", "\0sample 4", "p3"],
        classes=CLASSES,
        group_kind="patient",
    )
    return compare(joined)


FOUND = {
    "cell:tumour>normal@a": [2, 1],  # called normal with 0.8 and 0.6
    "cell:tumour>tumour@b": [0, 1],
    "scores:0.2..0.6@a": [3, 1, 4, 2],
    "scores:0.9..0.9@a": [0],
    "wrong:b": [3, 2, 5],  # 0.9, 0.7, 0.55
    "right-wrong:a,b": [5],
    "right-wrong:b,a": [1],
    "hardest": [2, 3],  # both wrong: the truth gets 0.25 each; ties stay in order
}


@pytest.mark.parametrize("text", FOUND)
def test_a_rule_picks_and_sorts_as_by_hand(two: Comparison, text: str) -> None:
    assert cases(two, text).rows.tolist() == FOUND[text]


def test_the_most_uncertain_come_first(two: Comparison) -> None:
    margins = np.mean([np.abs(2 * np.array(one) - 1) for one in (A, B)], axis=0)
    assert margins.round(3).tolist() == [0.7, 0.3, 0.5, 0.5, 0.5, 0.45]
    assert cases(two, "uncertain").rows[:2].tolist() == [1, 5]
    assert cases(two, "uncertain").rows[-1] == 0


def test_the_largest_disagreement_comes_first(two: Comparison) -> None:
    apart = np.abs(np.array(A) - np.array(B))
    rows = cases(two, "disagreement").rows
    assert rows[0] == 5
    assert (np.diff(apart[rows]) <= 1e-12).all()


def test_a_slice_takes_all_its_patches_the_most_confident_first(two: Comparison) -> None:
    facts = pd.DataFrame({"side": ["left", "right", "left", "right", "right", "left"]}, dtype=object)
    assert cases(two, "slice:side=left", facts=facts).rows.tolist() == [0, 5, 2]
    with pytest.raises(ComparisonError, match="Values: left, right"):
        cases(two, "slice:side=above", facts=facts)
    with pytest.raises(ComparisonError, match="Columns: side"):
        cases(two, "slice:scanner=A", facts=facts)
    with pytest.raises(ComparisonError, match="Columns: none"):
        cases(two, "slice:scanner=A")


def test_where_no_patch_is_missed_by_all_the_lowest_probabilities_are_listed() -> None:
    joined = joined_arrays([1, 0], {"a": [0.9, 0.4], "b": [0.6, 0.2]}, None, classes=CLASSES, group_kind="patient")
    found = cases(compare(joined), "hardest")
    assert found.rows.tolist() == [1, 0]
    assert "No patch is called wrongly by all models" in found.note


def test_the_table_has_every_models_probability_and_answer(two: Comparison) -> None:
    table = case_table(two, cases(two, "wrong:b"))
    assert table.to_dict("list") == {
        "sample_id": ["3", "2", "5"],
        "patient_id": ["p2", "p2", "p3"],
        "y_true": ["normal", "tumour", "normal"],
        "prob_a": [0.6, 0.2, 0.1],
        "called_a": ["tumour", "normal", "normal"],
        "prob_b": [0.9, 0.3, 0.55],
        "called_b": ["tumour", "normal", "tumour"],
    }
    assert case_table(two, cases(two, "cell:normal>normal@a"))["patient_id"].tolist() == ["p3", "unknown"]


@pytest.mark.parametrize("text", ["wrong:c", "cell:tumor>normal@a", "cell:tumour>benign@a"])
def test_what_is_not_compared_is_refused(two: Comparison, text: str) -> None:
    with pytest.raises(ComparisonError):
        cases(two, text)


def test_one_model_cannot_disagree() -> None:
    joined = joined_arrays(TRUTH, {"a": A}, None, classes=CLASSES, group_kind="patient")
    comparison = compare(joined)
    with pytest.raises(ComparisonError, match="cannot disagree"):
        cases(comparison, "disagreement")
    assert "disagreement" not in {rule.kind for rule in offered_rules(comparison)}


def test_a_ranking_of_all_patches_ends_somewhere() -> None:
    n = MOST_RANKED + 50
    score = np.random.default_rng(0).uniform(size=n)
    joined = joined_arrays([0, 1] * (n // 2), {"a": score}, None, classes=CLASSES, group_kind="patient")
    found = cases(compare(joined), "uncertain")
    assert len(found.rows) == MOST_RANKED
    assert f"The first {MOST_RANKED} of {n}" in found.note


def test_every_offered_rule_can_be_carried_out_and_said(two: Comparison) -> None:
    facts = pd.DataFrame({"side": ["left", "right"] * 3}, dtype=object)
    rules = offered_rules(two, facts)
    assert {rule.kind for rule in rules} == {
        *(text.partition(":")[0] for text in FOUND),
        "uncertain",
        "disagreement",
        "label-errors",
        "slice",
    }
    for rule in rules:
        assert rule_words(rule, two)
        if rule.kind != "label-errors":
            cases(two, rule, facts=facts)


# Class 0 gets 0.9, 0.8, 0.7 and 0.2 from its own samples: a mean of 0.65; class 1 gets 0.9, 0.6 and 0.45: 0.65.
LABELS = np.array([0, 0, 0, 0, 1, 1, 1])
FIRST = np.array([0.9, 0.8, 0.7, 0.2, 0.1, 0.4, 0.55])


def test_a_label_is_suspected_where_another_class_reaches_its_own_mean() -> None:
    likely = suspected_classes(LABELS, np.stack([FIRST, 1 - FIRST], axis=1))
    assert likely.tolist() == [-1, -1, -1, 1, -1, -1, -1]


def test_nobody_is_suspected_of_a_class_without_samples() -> None:
    probabilities = np.array([[0.1, 0.9], [0.3, 0.7]])
    assert suspected_classes(np.array([0, 0]), probabilities).tolist() == [-1, -1]


def test_label_errors_are_those_of_all_folds_that_are_compared_here(two: Comparison) -> None:
    ids = np.array(["9", "0", "1", "2", "3", "4", "8"], dtype=object)
    pool = OutOfFold("Folds", ids, LABELS, np.stack([FIRST, 1 - FIRST], axis=1), CLASSES)
    found = cases(two, CaseRule("label-errors"), pool=pool)
    assert two.sample_ids[found.rows].tolist() == ["2"]
    assert "All folds of Folds have 1" in found.note


def test_without_folds_label_errors_are_refused_with_what_would_allow_them(two: Comparison) -> None:
    with pytest.raises(ComparisonError, match="out-of-fold") as refused:
        cases(two, "label-errors")
    assert "Train folds" in str(refused.value)
