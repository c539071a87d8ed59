"""What a threshold promised on validation, and what the compared set gave."""

from __future__ import annotations

import numpy as np
import pytest

from histo_core.comparison.compare import compare
from histo_core.comparison.join import join
from histo_core.comparison.shown_threshold import promise_sentence, promise_table, threshold_ranges
from histo_core.comparison.threshold import UNSTABLE, parse_threshold
from histo_core.evaluation.cost_threshold import threshold_for_cost
from histo_core.evaluation.metrics import binary_metrics


def _valid(run) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = run.table[run.table["split"] == "valid"]
    truth = (rows["y_true"] == "tumour").to_numpy(np.int64)
    return truth, rows["prob_tumour"].to_numpy(), rows["patient_id"].to_numpy()


def test_the_promise_is_of_validation_and_the_range_holds_the_threshold(make) -> None:
    runs = make("a1", "A", skill=2.0, noise=1), make("b2", "B", skill=1.0, noise=2)
    comparison = compare(join(runs), threshold=parse_threshold("validation:sensitivity=0.9"))
    ranges = threshold_ranges(comparison)
    table = promise_table(comparison, ranges)
    for i, (run, result, chosen) in enumerate(zip(runs, comparison.results, comparison.chosen, strict=True)):
        assert chosen.value == result.metrics.threshold
        promised = binary_metrics(*_valid(run)[:2], chosen.value, _valid(run)[2])
        assert chosen.promised() == (promised.sensitivity, promised.specificity)
        assert promised.sensitivity.value >= 0.9
        low, high = ranges[i]
        assert low <= chosen.value <= high
        assert low < high
        row = table.iloc[i]
        assert row["Sensitivity, promised"] == str(promised.sensitivity)
        assert row["Sensitivity, found"] == str(result.metrics.sensitivity)
        assert row["On other validation data"] == f"{low:.3g} to {high:.3g}"
    assert "unstable" not in promise_sentence(comparison)


def test_a_broken_promise_is_named_and_youden_is_called_unstable(make) -> None:
    run = make("a1", "A", skill=3.0)
    test = (run.table["split"] == "test") & (run.table["y_true"] == "tumour")
    run.table.loc[test, ["prob_normal", "prob_tumour"]] = [0.99, 0.01]
    comparison = compare(join([run]), threshold=parse_threshold("validation:youden"))
    said = promise_sentence(comparison)
    assert "Below the promise, with the whole interval of a rate: A." in said
    assert said.endswith(UNSTABLE)


def test_a_number_promises_nothing(make) -> None:
    comparison = compare(join([make("a1")]), threshold=0.4)
    assert comparison.chosen == ()
    assert promise_table(comparison, threshold_ranges(comparison)).empty
    assert promise_sentence(comparison) == ""


def test_a_cost_ratio_reads_the_prevalence(make) -> None:
    run = make("a1", skill=1.0)
    rule = parse_threshold("validation:cost=5")
    truth, score, _ = _valid(run)
    for prevalence in (None, 0.05):
        found = compare(join([run]), threshold=rule, prevalence=prevalence).results[0].metrics.threshold
        assert found == pytest.approx(threshold_for_cost(truth, score, 5, prevalence=prevalence))
    assert rule.origin == "a miss costs 5, validation"
