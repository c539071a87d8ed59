"""Format a comparison as one JSON object: the page's numbers by name, unrounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from histo_core.comparison.pairs import PairDifference
    from histo_core.comparison.results import Comparison, ModelResult
    from histo_core.evaluation.intervals import Interval


def comparison_json(result: Comparison, margin: float | None = None) -> dict[str, Any]:
    """Return what ``compare --json`` has beside facts, tables and sentences.

    ``runs`` has each run's ``metrics``, by the names of `METRIC_NAMES`, each with value, low, high, method and warning;
    ``threshold`` with where it was chosen; and ``calibration``. ``differences`` has one entry a tested pair, with
    the test of its calls and, where a ``margin`` is given, what the interval says about it. ``equality`` is the test of
    all AUROCs at once.
    """
    from histo_core.evaluation.auroc_equality import auroc_equality

    index = result.classes.index(result.class_of_interest)
    scores = [one.probabilities[:, index] for one in result.results]
    return {
        "runs": [_run(result, one) for one in result.results],
        "threshold": {"rule": str(result.rule), "chosen_on": "valid" if result.rule.from_validation else "none"},
        "equality": auroc_equality(result.y_true == index, scores, result.groups),
        "differences": [_difference(result, pair, margin) for pair in result.differences],
    }


def _difference(result: Comparison, pair: PairDifference, margin: float | None) -> dict[str, Any]:
    from histo_core.comparison.pair_tests import pair_calls, pair_margin

    difference, calls = pair.difference, pair_calls(result, pair)
    return {
        "first": pair.first_id,
        "other": pair.other_id,
        "metric": "auroc",
        "value": difference.value,
        "low": difference.low,
        "high": difference.high,
        "p_value": difference.p_value,
        "p_corrected": pair.p_corrected,
        "p_swap": None if difference.swap is None else difference.swap.p_value,
        "told_apart": pair.significant,
        "method": difference.method,
        "calls": {
            "accuracy": calls.difference,
            "first_only": calls.first_only,
            "other_only": calls.other_only,
            "p_value": calls.p_value,
            "p_swap": calls.swap.p_value,
            "method": calls.method,
        },
        "against_margin": None if margin is None else vars(pair_margin(result, pair, margin)),
    }


def _run(result: Comparison, one: ModelResult) -> dict[str, Any]:
    from histo_core.evaluation.calibration_error import calibration_error
    from histo_core.evaluation.probability_scores import calibration_intervals

    index = result.classes.index(result.class_of_interest)
    mine, score = result.y_true == index, one.probabilities[:, index]
    intercept, slope = calibration_intervals(mine, score, result.groups, confidence=result.confidence)
    error = calibration_error(mine, score, result.groups, confidence=result.confidence)
    return {
        "run_id": one.run_id,
        "name": one.name,
        "is_reference": one.is_reference,
        "metrics": {name: _interval(found) for name, found in result.scorecard(one).items()},
        "threshold": {"value": one.metrics.threshold, "origin": result.rule.origin},
        "calibration": {
            "intercept": _interval(intercept),
            "slope": _interval(slope),
            "ece": _interval(error.ece),
            "bins": error.bins,
            "ece_if_calibrated": error.calibrated,
        },
    }


def _interval(found: Interval) -> Mapping[str, Any]:
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "method": found.method,
        "warning": found.warning,
    }
