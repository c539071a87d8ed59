"""Format a comparison as one JSON object: the page's numbers by name, unrounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from histo_core.cli.compare_threshold_json import threshold_json

if TYPE_CHECKING:
    from histo_core.comparison.calibration_gain import CalibrationScores, Recalibrated
    from histo_core.comparison.ensemble_recipe import EnsembleRecipe
    from histo_core.comparison.pairs import PairDifference
    from histo_core.comparison.results import Comparison, ModelResult
    from histo_core.evaluation.intervals import Interval


def comparison_json(
    result: Comparison, margin: float | None = None, kept: Mapping[str, str | None] | None = None
) -> dict[str, Any]:
    """Return what ``compare --json`` has beside facts, tables and sentences.

    ``runs`` has each run's ``metrics``, by the names of `METRIC_NAMES`, each with value, low, high, method and warning;
    ``threshold`` with where it was chosen, its range and promise; and ``calibration``, before and after each
    recalibration. ``ensembles`` has those of the runs that are made of others. ``differences`` has one entry a tested
    pair, with the test of its calls and, where a ``margin`` is given, what the interval says about it. ``equality`` is
    the test of all AUROCs at once.

    Args:
        result: the comparison.
        margin: a difference in AUROC that would matter; None says nothing about one.
        kept: by run id, the method of the recalibration that is kept with the run.
    """
    from histo_core.evaluation.auroc_equality import auroc_equality

    index = result.classes.index(result.class_of_interest)
    scores = [one.probabilities[:, index] for one in result.results]
    runs = [_run(result, one, (kept or {}).get(one.run_id)) for one in result.results]
    return {
        "runs": runs,
        "ensembles": [
            _ensemble(one, one.source.recipe, run["metrics"])
            for one, run in zip(result.results, runs, strict=True)
            if one.source.recipe is not None
        ],
        "threshold": {"rule": str(result.rule), "chosen_on": "valid" if result.rule.from_validation else "none"},
        "prevalence": {"stated": result.prevalence, "sampled": result.share},
        "equality": auroc_equality(result.y_true == index, scores, result.groups),
        "differences": [_difference(result, pair, margin) for pair in result.differences],
    }


def _ensemble(one: ModelResult, recipe: EnsembleRecipe, metrics: Mapping[str, Any]) -> dict[str, Any]:
    made = {"kind": recipe.kind, "members": recipe.members, "weights": recipe.weights}
    return {"id": one.run_id, "name": one.name, **made, "metrics": metrics}


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


def _run(result: Comparison, one: ModelResult, kept: str | None) -> dict[str, Any]:
    from histo_core.comparison.calibration_gain import all_recalibrated, calibration_scores, fitted_where

    scores = calibration_scores(result, one.probabilities)
    error = scores.ece
    return {
        "run_id": one.run_id,
        "name": one.name,
        "is_reference": one.is_reference,
        "metrics": {name: interval_json(found) for name, found in result.scorecard(one, error).items()},
        "threshold": threshold_json(result, one),
        "calibration": {
            **_scores(scores),
            "bins": error.bins,
            "ece_if_calibrated": error.calibrated,
            "kept": kept,
            "recalibrated": {found.method: _recalibrated(found) for found in all_recalibrated(result, one)},
            "judged": fitted_where(result, one),
        },
    }


def _recalibrated(found: Recalibrated) -> dict[str, Any]:
    if found.scores is None:
        return {"reason": found.reason}
    return {
        **_scores(found.scores),
        "ece_if_calibrated": found.scores.ece.calibrated,
        "brier_gain": interval_json(found.brier_gain),
        "log_loss_gain": interval_json(found.log_loss_gain),
        "reason": "",
    }


def _scores(scores: CalibrationScores) -> dict[str, Any]:
    return {
        "intercept": interval_json(scores.intercept),
        "slope": interval_json(scores.slope),
        "brier": interval_json(scores.brier),
        "log_loss": interval_json(scores.log_loss),
        "ece": interval_json(scores.ece.ece),
    }


def interval_json(found: Interval) -> Mapping[str, Any]:
    """Return an interval's value, limits, method and warning."""
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "method": found.method,
        "warning": found.warning,
    }
