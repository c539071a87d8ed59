"""Compute what each model of a comparison does when it may refuse the patches it is least sure of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.comparison.curves import truth_and_score
from histo_core.comparison.results import Comparison, ModelResult
from histo_core.comparison.shown import shown_name
from histo_core.evaluation.risk_coverage import (
    COVERAGES,
    RiskCoverage,
    Selected,
    at_coverage,
    confidences,
    risk_coverage,
)
from histo_core.shown_text import plural


@dataclass(frozen=True, eq=False)
class ModelRefusal:
    """A model's risk-coverage curve, and what it does at each of `COVERAGES`."""

    curve: RiskCoverage
    selected: tuple[Selected, ...]


def refusals(comparison: Comparison) -> tuple[ModelRefusal, ...]:
    """Return each model's risk-coverage curve, of the patches as sampled.

    With two classes a patch counts as sure by how far its probability lies from the threshold. With more it is the
    probability of the called class.
    """
    found: list[ModelRefusal] = []
    for result in comparison.results:
        truth, _ = truth_and_score(comparison, result)
        wrong, sure = result.called != comparison.y_true, _sure(comparison, result)
        curve = risk_coverage(wrong, sure, comparison.groups, level=comparison.confidence)
        index = comparison.classes.index(comparison.class_of_interest)
        missed = np.where(truth, result.called != index, result.called == index)
        selected = tuple(
            at_coverage(asked, truth, wrong, sure, comparison.groups, missed=missed, level=comparison.confidence)
            for asked in COVERAGES
        )
        found.append(ModelRefusal(curve, selected))
    return tuple(found)


def _sure(comparison: Comparison, result: ModelResult) -> np.ndarray:
    if comparison.many:
        return result.probabilities.max(axis=1)
    return confidences(truth_and_score(comparison, result)[1], result.metrics.threshold)


def refusal_table(comparison: Comparison, found: tuple[ModelRefusal, ...]) -> pd.DataFrame:
    """Return one row a model and coverage, to read: the error, both rates, and who is refused."""
    kind = comparison.group_kind
    return pd.DataFrame(
        [
            {
                "Model": shown_name(result),
                "Coverage": f"{one.coverage:.1%}",
                "Error": str(one.error),
                "Sensitivity": str(one.sensitivity),
                "Specificity": str(one.specificity),
                "Refused patches": f"{one.refused:,}",
                f"Refused of {comparison.class_of_interest}": f"{one.refused_of_class:.1%}",
                "Refused of the rest": f"{one.refused_of_rest:.1%}",
            }
            | ({} if kind is None else {f"{plural(kind.capitalize())} refused in more than half": one.groups_refused})
            for result, model in zip(comparison.results, found, strict=True)
            for one in model.selected
        ]
    )


def refusal_points(comparison: Comparison, found: tuple[ModelRefusal, ...]) -> pd.DataFrame:
    """Return every point of the curves: confidence, coverage, error of the accepted, and the generalized risk."""
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "run_id": result.run_id,
                    "model": result.name,
                    "confidence": one.curve.confidence,
                    "coverage": one.curve.coverage,
                    "error": one.curve.risk,
                    "generalized_risk": one.curve.risk * one.curve.coverage,
                }
            )
            for result, one in zip(comparison.results, found, strict=True)
        ],
        ignore_index=True,
    )
