"""Thresholds by hand and by a rule on each run's own validation set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from histo_core.comparison.compare import compare
from histo_core.comparison.join import RunPredictions, join
from histo_core.comparison.threshold import PRESETS, ThresholdRule, parse_threshold, thresholds
from histo_core.errors import ComparisonError
from histo_core.evaluation.operating_point import threshold_for_sensitivity, youden_threshold


def _split_set(run: RunPredictions, split_set: str) -> tuple[np.ndarray, np.ndarray]:
    rows = run.table[run.table["split"] == split_set]
    return (rows["y_true"] == "tumour").to_numpy(np.int64), rows["prob_tumour"].to_numpy()


def test_what_is_written_is_what_is_read() -> None:
    for rule in (*PRESETS, ThresholdRule("number", 0.3), ThresholdRule("sensitivity", 0.8)):
        assert parse_threshold(str(rule)) == rule
    assert parse_threshold(0.25) == ThresholdRule("number", 0.25)


def test_a_number_given_by_hand_is_called_so_and_a_rule_says_where_it_comes_from() -> None:
    assert parse_threshold("0.3").words == "0.3, chosen by hand"
    assert parse_threshold("0.5").words == "0.5, the default"
    assert parse_threshold("validation:youden").origin == "Youden, validation"
    assert parse_threshold("validation:sensitivity=0.95").words == (
        "for each run the one with a sensitivity of at least 0.95 on its own validation set"
    )


@pytest.mark.parametrize(
    "text",
    ["1.2", "-0.1", "nan", "youden", "validation:", "validation:accuracy=1", "validation:sensitivity",
     "validation:sensitivity=2", "validation:youden=0.9", "test:youden", ""],
)  # fmt: skip
def test_other_texts_are_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ComparisonError, match=r"validation:youden, validation:sensitivity=0\.95 and"):
        parse_threshold(text)


def test_each_run_keeps_the_rule_on_its_own_validation_set(make) -> None:
    runs = make("a1", skill=2.0, noise=1), make("b2", skill=1.0, noise=2)
    joined = join(runs)
    expected = [youden_threshold(*_split_set(run, "valid")) for run in runs]
    assert thresholds(joined, "tumour", parse_threshold("validation:youden")) == tuple(expected)
    assert expected[0] != expected[1]
    found = compare(joined, threshold=parse_threshold("validation:sensitivity=0.9"))
    for run, result in zip(runs, found.results, strict=True):
        assert result.metrics.threshold == threshold_for_sensitivity(*_split_set(run, "valid"), 0.9)
        true, score = _split_set(run, "test")
        called = score >= result.metrics.threshold
        assert result.metrics.sensitivity.value == pytest.approx(called[true == 1].mean())
        assert result.confusion[1, 1] == (called & (true == 1)).sum()


def test_the_test_set_never_chooses(make) -> None:
    """Another model on the test set, the same on validation: the threshold stays."""
    run = make("a1")
    other = make("a1", noise=5).table
    test = run.table["split"] == "test"
    changed = run.table.copy()
    for name in ("prob_normal", "prob_tumour", "y_pred"):
        changed.loc[test, name] = other.loc[test, name]
    rules = [rule for rule in PRESETS if rule.from_validation]
    for rule in rules:
        before = thresholds(join([run]), "tumour", rule)
        assert thresholds(join([replace(run, table=changed)]), "tumour", rule) == before


def test_validation_without_labels_or_with_one_class_gives_no_threshold(make) -> None:
    run = make("a1", "A")
    rule = parse_threshold("validation:youden")
    table = run.table.copy()
    table.loc[table["split"] == "valid", "y_true"] = None
    with pytest.raises(ComparisonError, match="Run A has no labelled validation predictions"):
        compare(join([replace(run, table=table)]), threshold=rule)
    one = run.table[(run.table["split"] == "test") | (run.table["y_true"] == "tumour")]
    with pytest.raises(ComparisonError, match="On the validation set of run A: A threshold cannot be chosen on"):
        compare(join([replace(run, table=one)]), threshold=rule)


def test_on_validation_itself_the_rates_are_said_to_be_too_good(make) -> None:
    rule = parse_threshold("validation:youden")
    warned = compare(join([make("a1")], "valid"), threshold=rule).warnings
    assert warned == ("The thresholds were chosen on these very patches, so that rates at them are too good.",)
    assert compare(join([make("a1")]), threshold=rule).warnings == ()
