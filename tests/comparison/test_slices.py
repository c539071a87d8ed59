from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from histo_core.comparison.compare import compare
from histo_core.comparison.join import Joined
from histo_core.comparison.results import Comparison
from histo_core.comparison.sample_facts import (
    MOST_GROUPS,
    MOST_VALUES,
    offered_slices,
    own_slices,
    sample_facts,
    slice_values,
)
from histo_core.comparison.slices import ALL, slices
from histo_core.comparison.slices_shown import interaction_sentence, slices_table
from histo_core.errors import ComparisonError
from histo_core.evaluation.auroc import auroc_interval
from histo_core.evaluation.macro_auroc import macro_auroc_interval
from histo_core.evaluation.metrics import binary_metrics
from histo_core.evaluation.multiclass import class_rates


@pytest.fixture
def comparison(three: Joined) -> Comparison:
    return compare(three, threshold=0.4)


@pytest.fixture
def facts(comparison: Comparison) -> pd.DataFrame:
    found = sample_facts(comparison, None)
    scanner = np.where(np.arange(comparison.n) % 3, "B", "A")
    site = np.where(np.isin(comparison.groups, ["p0", "p1", "p2", "p3", "p4", "p5"]), "north", "south")
    return found.assign(scanner=scanner.astype(object), site=site.astype(object), subtype=comparison.y_true.astype(str))


def test_a_slices_metrics_are_those_of_its_samples_alone(comparison: Comparison, facts: pd.DataFrame) -> None:
    found = slices(comparison, facts, "scanner")
    assert [one.value for one in found.slices] == ["A", "B"]
    for one in (*found.slices, found.whole):
        member = np.ones(comparison.n, bool) if one.value == ALL else (facts["scanner"] == one.value).to_numpy()
        assert one.n == member.sum()
        assert comparison.groups is not None
        y, groups = comparison.y_true[member], comparison.groups[member]
        assert one.n_groups == len(set(groups))
        assert [support.patches for support in one.support] == [(y == 0).sum(), (y == 1).sum()]
        for result in comparison.results:
            score, metrics = result.probabilities[member, 1], one.metrics[result.run_id]
            rates = binary_metrics(y, score, 0.4, groups)
            assert metrics["auroc"] == auroc_interval(y, score, groups)
            assert (metrics["accuracy"], metrics["sensitivity"]) == (rates.accuracy, rates.sensitivity)
            assert metrics["specificity"] == rates.specificity
            confidence = np.where(result.called[member] == 1, score, 1 - score)
            assert metrics["confidence"].value == pytest.approx(confidence.mean())
            assert metrics["confidence"].low < confidence.mean() < metrics["confidence"].high
            counts = one.confidences[result.run_id]
            assert counts.tolist() == [
                ((confidence >= low / 10) & ((confidence < (low + 1) / 10) | (low == 9))).sum() for low in range(10)
            ]


def test_the_whole_is_the_comparison_itself(comparison: Comparison, facts: pd.DataFrame) -> None:
    whole = slices(comparison, facts, "site").whole
    for result in comparison.results:
        assert whole.metrics[result.run_id]["auroc"] == result.auroc
        assert whole.metrics[result.run_id]["specificity"] == result.metrics.specificity


def test_with_many_classes_auroc_and_accuracy_are_of_all_classes(make) -> None:
    from histo_core.comparison.join import join

    comparison = compare(join([make("a1", "A", classes=("x", "y", "z"), noise=1)]), confidence=0.8)
    whole = slices(comparison, sample_facts(comparison, None), "patient_id").whole
    (result,) = comparison.results
    y, p, groups = comparison.y_true, result.probabilities, comparison.groups
    assert whole.metrics["a1"]["auroc"] == macro_auroc_interval(y, p, groups, confidence=0.8)
    assert whole.metrics["a1"]["accuracy"] == class_rates(y, result.called, 3, groups, confidence=0.8).accuracy


def test_a_slice_of_one_patient_has_values_and_no_intervals(comparison: Comparison, facts: pd.DataFrame) -> None:
    found = slices(comparison, facts, "patient_id")
    assert len(found.slices) == 12
    for one in found.slices:
        for known in one.metrics["a1"].values():
            assert not known.defined or (np.isnan(known.low) and "no interval holds" in known.warning)
    table = slices_table(found, "a1")
    assert "(no interval)" in table["Accuracy"].iloc[0]
    assert "One patient" in table["Doubts"].iloc[0]
    assert found.interaction.design == "none"
    assert "not tested" in interaction_sentence(found)


def test_few_patients_are_warned_about(comparison: Comparison, facts: pd.DataFrame) -> None:
    few = facts.assign(few=np.where(np.isin(comparison.groups, ["p0", "p1"]), "few", "many"))
    table = slices_table(slices(comparison, few, "few"), "a1")
    assert "Only 2 patients" in table["Doubts"].iloc[0]
    assert table["Slice"].tolist() == ["few", "many", ALL]
    assert list(table)[:5] == ["Slice", "Patches", "normal", "tumour", "Confidence"], "size and confidence come first"


def test_a_slice_without_a_class_has_no_auroc_and_takes_no_part_in_the_test(
    comparison: Comparison, facts: pd.DataFrame
) -> None:
    found = slices(comparison, facts, "subtype")
    assert all(not one.metrics["b2"]["auroc"].defined for one in found.slices)
    assert found.interaction.n_slices == 0
    assert slices_table(found, "b2")["AUROC"].tolist()[:2] == ["not defined", "not defined"]


def test_the_sentence_names_what_differs(comparison: Comparison, facts: pd.DataFrame) -> None:
    found = slices(comparison, facts, "site")
    assert "No AUROC, and no difference between models" in interaction_sentence(found)
    tests = tuple(
        replace(one, p_value=0.001, p_corrected=0.01 if one.second == 1 else 0.2) for one in found.interaction.tests
    )
    said = interaction_sentence(replace(found, interaction=replace(found.interaction, tests=tests)))
    assert "differ: the difference of Small CNN and ResNet18, P = 0.001" in said
    assert "Holm's correction for 6 tests" in said


def test_columns_that_divide_are_offered_the_data_sets_own_first(comparison: Comparison, facts: pd.DataFrame) -> None:
    n = comparison.n
    more = facts.assign(
        same="x",
        again=facts["site"].map({"north": "1", "south": "2"}),
        many=[str(i % (MOST_VALUES + 1)) for i in range(n)],
    )
    assert offered_slices(more) == ("scanner", "site", "subtype", "patient_id")
    assert own_slices(more) == ("scanner", "site", "subtype")
    crowd = facts.assign(patient_id=[f"p{i}" for i in range(n)])
    assert n > MOST_GROUPS
    assert "patient_id" not in offered_slices(crowd)


def test_values_are_ordered_as_numbers_and_what_is_unknown_comes_last() -> None:
    facts = pd.DataFrame({"magnification": ["200X", "40X", "unknown", "100X", "40X"]}, dtype=object)
    assert slice_values(facts, "magnification") == ["40X", "100X", "200X", "unknown"]


def test_a_column_that_is_not_there_is_refused(comparison: Comparison, facts: pd.DataFrame) -> None:
    with pytest.raises(ComparisonError, match="no column 'stain'"):
        slices(comparison, facts, "stain")


def test_a_mean_confidence_lies_between_0_and_1(comparison: Comparison, facts: pd.DataFrame) -> None:
    sure = [replace(one, probabilities=np.eye(2)[one.called]) for one in comparison.results]
    found = slices(replace(comparison, results=tuple(sure)), facts, facts.columns[0])
    for one in found.slices:
        for metrics in one.metrics.values():
            confidence = metrics["confidence"]
            assert confidence.value == 1
            assert np.isnan(confidence.high) or 0 <= confidence.low <= confidence.high <= 1
