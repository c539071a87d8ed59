"""Format a comparison as one JSON object: the page's numbers by name, unrounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from histo_core.comparison.calibration_gain import CalibrationScores, Recalibrated
    from histo_core.comparison.results import Comparison, ModelResult
    from histo_core.evaluation.intervals import Interval


def comparison_json(result: Comparison, kept: Mapping[str, str | None]) -> dict[str, Any]:
    """Return what ``compare --json`` has beside facts, tables and sentences.

    ``runs`` has each run's ``metrics``, by the names of `METRIC_NAMES`, each with value, low, high, method and warning;
    ``threshold`` with where it was chosen; and ``calibration``, before and after each recalibration. ``ensembles`` has
    those of the runs that are made of others, with kind, members and weights. ``differences`` has one entry a tested
    pair, and ``equality`` the test of all AUROCs at once.

    Args:
        result: the comparison.
        kept: by run id, the method of the recalibration that is kept with the run.
    """
    from histo_core.evaluation.auroc_equality import auroc_equality

    index = result.classes.index(result.class_of_interest)
    scores = [one.probabilities[:, index] for one in result.results]
    runs = [_run(result, one, kept.get(one.run_id)) for one in result.results]
    return {
        "runs": runs,
        "ensembles": [
            {
                "id": one.run_id,
                "name": one.name,
                "kind": one.source.recipe.kind,
                "members": one.source.recipe.members,
                "weights": one.source.recipe.weights,
                "metrics": run["metrics"],
            }
            for one, run in zip(result.results, runs, strict=True)
            if one.source.recipe is not None
        ],
        "threshold": {"rule": str(result.rule), "chosen_on": "valid" if result.rule.from_validation else "none"},
        "equality": auroc_equality(result.y_true == index, scores, result.groups),
        "differences": [
            {
                "first": pair.first_id,
                "other": pair.other_id,
                "metric": "auroc",
                "value": pair.difference.value,
                "low": pair.difference.low,
                "high": pair.difference.high,
                "p_value": pair.difference.p_value,
                "p_corrected": pair.p_corrected,
                "p_swap": None if pair.difference.swap is None else pair.difference.swap.p_value,
                "told_apart": pair.significant,
                "method": pair.difference.method,
            }
            for pair in result.differences
        ],
    }


def _run(result: Comparison, one: ModelResult, kept: str | None) -> dict[str, Any]:
    from histo_core.comparison.calibration_gain import all_recalibrated, calibration_scores, fitted_where

    scores = calibration_scores(result, one.probabilities)
    error = scores.ece
    return {
        "run_id": one.run_id,
        "name": one.name,
        "is_reference": one.is_reference,
        "metrics": {name: _interval(found) for name, found in result.scorecard(one, error).items()},
        "threshold": {"value": one.metrics.threshold, "origin": result.rule.origin},
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
        "brier_gain": _interval(found.brier_gain),
        "log_loss_gain": _interval(found.log_loss_gain),
        "reason": "",
    }


def _scores(scores: CalibrationScores) -> dict[str, Any]:
    return {
        "intercept": _interval(scores.intercept),
        "slope": _interval(scores.slope),
        "brier": _interval(scores.brier),
        "log_loss": _interval(scores.log_loss),
        "ece": _interval(scores.ece.ece),
    }


def _interval(found: Interval) -> Mapping[str, Any]:
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "method": found.method,
        "warning": found.warning,
    }
