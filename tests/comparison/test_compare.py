from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from histo_core.comparison.aurocs import auroc_results
from histo_core.comparison.compare import at_threshold, compare
from histo_core.comparison.join import join
from histo_core.comparison.shown import (
    class_report_rows,
    differences_table,
    family_sentence,
    metrics_table,
    overall_table,
)
from histo_core.errors import ComparisonError


def test_every_number_agrees_with_scikit_learn(three) -> None:
    found = compare(three, threshold=0.3, reference="c3")
    assert (found.n, found.n_groups, found.group_kind, found.split_set) == (120, 12, "patient", "test")
    for i, result in enumerate(found.results):
        called = (three.probabilities[i, :, 1] >= 0.3).astype(int)
        np.testing.assert_array_equal(result.confusion, metrics.confusion_matrix(three.y_true, called))
        assert result.metrics.accuracy.value == pytest.approx(metrics.accuracy_score(three.y_true, called))
        assert result.metrics.f1.value == pytest.approx(metrics.f1_score(three.y_true, called))
        assert result.is_reference == (result.run_id == "c3")
    assert found.warnings == ()


def test_the_two_halves_make_the_whole(three) -> None:
    whole = compare(three, threshold=0.7, confidence=0.9)
    halves = at_threshold(three, auroc_results(three, confidence=0.9), 0.7)
    assert whole.table().equals(halves.table())
    assert whole.difference_table().equals(halves.difference_table())
    assert whole.verdict == halves.verdict


def test_the_other_class_of_two_turns_the_threshold(three) -> None:
    found = compare(three, threshold=0.3, class_of_interest="normal").results[0]
    called_normal = three.probabilities[0, :, 0] >= 0.3
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(three.y_true, ~called_normal))
    assert found.metrics.tp == found.confusion[0, 0]


def test_many_classes_are_told_apart_by_the_highest_probability(make) -> None:
    joined = join([make("a1", classes=("stroma", "lymphocytes", "tumour"))])
    found = compare(joined, threshold=0.4)
    predicted = joined.probabilities[0].argmax(axis=1)
    np.testing.assert_array_equal(found.results[0].confusion, metrics.confusion_matrix(joined.y_true, predicted))
    called = joined.probabilities[0, :, 2] >= 0.4
    expected = metrics.recall_score(joined.y_true == 2, called)
    assert found.results[0].metrics.sensitivity.value == pytest.approx(expected)


def test_the_table_is_tidy_and_raw(three) -> None:
    table = compare(three).table()
    assert list(table["run_id"]) == ["a1", "b2", "c3"]
    for measure in ("auroc", "accuracy", "sensitivity", "specificity", "precision", "f1"):
        assert ((table[f"{measure}_low"] <= table[measure]) & (table[measure] <= table[f"{measure}_high"])).all()
    assert (table[["tp", "fp", "fn", "tn"]].sum(axis=1) == table["n"]).all()
    differences = compare(three).difference_table()
    assert list(differences["other"]) == ["Small CNN", "Coin", "Coin"]
    assert (differences["p_corrected"] >= differences["p_value"]).all()
    assert set(differences["pairs_tested"]) == {3}


def test_warnings_say_what_the_samples_cannot_bear(make) -> None:
    assert compare(join([make(patients=3)])).warnings == (
        "Only 3 patients: intervals from so few are not to be trusted.",
    )
    run = make()
    patient = run.table["patient_id"].where(run.table["y_true"] == "normal", "p1")
    assert compare(join([replace(run, table=run.table.assign(patient_id=patient))])).warnings == (
        "Patches of one class come from only 1 of 12 patients: intervals from so few are not to be trusted.",
    )
    assert "No patient or slide ids" in compare(join([make(patients=None)])).warnings[0]
    first = make("a1")
    by_slide = first.table.assign(patient_id=None, slide_id="s" + first.table["patient_id"])
    shorter = replace(first, run_id="b2", table=by_slide.iloc[10:])
    found = compare(join([replace(first, table=by_slide), shorter], shared_only=True))
    assert found.warnings == (
        "Not every patient is known: slides count as independent, so that intervals may be too narrow.",
        "10 test samples that not every run has were left out.",
    )


def test_a_threshold_outside_0_to_1_is_refused(three) -> None:
    with pytest.raises(ComparisonError, match=r"threshold = 1\.2"):
        compare(three, threshold=1.2)


def test_of_many_classes_all_come_first_and_the_one_of_interest_is_named(make) -> None:
    """A model that calls everything stroma is right on a third, and on two thirds of "tumour or not"."""
    run = make("a1", classes=("stroma", "lymphocytes", "tumour"))
    lazy = run.table.assign(prob_stroma=0.8, prob_lymphocytes=0.1, prob_tumour=0.1, y_pred="stroma")
    found = compare(join([replace(run, table=lazy)]))
    (row,) = found.table().to_dict("records")
    stroma = float((found.y_true == 0).mean())
    assert row["accuracy"] == pytest.approx(stroma)
    assert row["one_vs_rest_accuracy"] == pytest.approx(float((found.y_true != 2).mean()))
    assert list(row).index("accuracy") < list(row).index("one_vs_rest_accuracy")
    assert row["balanced_accuracy"] == pytest.approx(1 / 3)
    shown = metrics_table(found)
    assert "Accuracy" not in shown
    assert list(overall_table(found)) == [
        "Model", "Accuracy", "Balanced accuracy", "Macro F1", "Weighted F1", "Macro AUROC"
    ]  # fmt: skip


def test_two_classes_need_no_table_of_all_classes(three) -> None:
    found = compare(three)
    assert overall_table(found).empty
    assert not [name for name in found.table() if name.startswith("one_vs_rest")]


def test_the_patients_of_each_class_stand_beside_the_numbers(three) -> None:
    found = compare(three)
    patients = {name: len(set(three.groups[three.y_true == i])) for i, name in enumerate(three.classes)}
    patches = np.bincount(three.y_true)
    assert found.basis == (
        f"tumour: {patches[1]} patches of {patients['tumour']} patients; "
        f"normal: {patches[0]} patches of {patients['normal']} patients"
    )
    table = found.table()
    assert set(table["positive_groups"]) == {patients["tumour"]}
    assert set(table["negative_patches"]) == {patches[0]}


def test_the_report_of_a_model_is_at_its_threshold(three) -> None:
    found = compare(three, threshold=0.3)
    called = (three.probabilities[1, :, 1] >= 0.3).astype(int)
    expected = metrics.classification_report(three.y_true, called, output_dict=True)
    report = found.report(found.results[1])
    assert report.classes[1].precision.value == pytest.approx(expected["1"]["precision"])
    assert report.averages[2].f1.value == pytest.approx(expected["weighted avg"]["f1-score"])
    rows = class_report_rows(found)
    assert len(rows) == 3 * (2 + 3)
    assert set(rows["run_id"]) == {"a1", "b2", "c3"}


def test_what_is_tested_is_said(three) -> None:
    assert family_sentence(compare(three)).startswith("All 3 pairs of models were tested;")
    against = compare(three, comparator="c3")
    assert family_sentence(against).startswith("Each model was tested against Coin, named beforehand: 2 pairs;")
    assert list(differences_table(against)["Compared"]) == ["ResNet18 - Coin", "Small CNN - Coin"]
