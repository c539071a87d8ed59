"""Compute the threshold-free results of a comparison: AUROCs, ROC curves, metrics over all classes, and differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from histo_core.comparison.join import Joined
from histo_core.comparison.pairs import PairDifference, pair_differences
from histo_core.errors import ComparisonError
from histo_core.evaluation.auroc import auroc_interval
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.pooled_predictions import pooled_intervals
from histo_core.evaluation.roc import RocCurve, roc_curve

OVERALL = ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "auroc")
"""Metrics over more than two classes; the predicted class is the one with the highest probability."""


@dataclass(frozen=True, eq=False)
class AurocResults:
    """The threshold-free results of a comparison; entries are in the order of the joined runs.

    Attributes:
        class_of_interest: its samples are positive, all others negative.
        reference: run id of a baseline that is never the best, or None.
        names: displayed names, with the run id where two are alike.
        aurocs: None where a class is missing.
        curves: empty where a class is missing.
        best: index of the model with the highest AUROC, references excluded; None where there is no AUROC.
        comparator: run id of the run, named beforehand, that the others are compared with; None looks for the best.
        differences: all pairs, those of the best first; with a comparator each other run against it.
        overall: the metrics of `OVERALL` by name, for more than two classes; the AUROC is the macro average of each
            class against the rest. Empty for two classes.
        confidence: confidence of all intervals.
    """

    class_of_interest: str
    reference: str | None
    names: tuple[str, ...]
    aurocs: tuple[Interval | None, ...]
    curves: tuple[RocCurve, ...]
    best: int | None
    comparator: str | None
    differences: tuple[PairDifference, ...]
    overall: tuple[Mapping[str, Interval], ...]
    confidence: float


@dataclass(frozen=True)
class AurocEstimates:
    """The fields of `AurocResults` that take seconds to compute for many models on many samples, with their meaning."""

    aurocs: tuple[Interval | None, ...]
    differences: tuple[PairDifference, ...]
    overall: tuple[Mapping[str, Interval], ...]


def auroc_results(
    joined: Joined,
    class_of_interest: str | None = None,
    *,
    reference: str | None = None,
    comparator: str | None = None,
    confidence: float = CONFIDENCE,
    kept: Callable[[Callable[[], AurocEstimates]], AurocEstimates] = lambda estimate: estimate(),
) -> AurocResults:
    """Return the AUROCs of all runs with intervals, and the paired differences between them.

    Args:
        joined: the runs.
        class_of_interest: a class name; None takes the positive class of the data.
        reference: run id of a baseline (such as a colour-only model) that is never the best.
        comparator: run id of the run that the others are compared with, named before the numbers were seen; None
            compares all pairs.
        confidence: 0 to 1.
        kept: called with the function that computes the slow part; returns its result, or one that was kept.

    Raises:
        ComparisonError: no such class or run, or a confidence that is not between 0 and 1.
    """
    interest = joined.positive if class_of_interest is None else class_of_interest
    if interest not in joined.classes:
        raise ComparisonError(
            f"{interest!r} is no class of these runs.", f"Classes: {', '.join(joined.classes)}.", "Choose one of them."
        )
    ids = [run.run_id for run in joined.runs]
    for role, run_id in (("reference", reference), ("comparator", comparator)):
        if run_id is not None and run_id not in ids:
            raise ComparisonError(
                f"The {role} {run_id!r} is not among the runs.", f"Runs: {', '.join(ids)}.", "Join it with them."
            )
    if not 0 < confidence < 1:
        raise ComparisonError(f"confidence = {confidence}.", "Between 0 and 1 is allowed.", "0.95 is customary.")
    y_true, scores = one_against_rest(joined, interest)
    names, at = shown_names(joined), None if comparator is None else ids.index(comparator)
    references = [run_id == reference for run_id in ids]

    def estimate() -> AurocEstimates:
        aurocs = tuple(auroc_interval(y_true, score, joined.groups, confidence=confidence) for score in scores)
        order = _order(aurocs, references)
        differences = pair_differences(joined, names, y_true, scores, order, at, confidence=confidence)
        return AurocEstimates(aurocs, differences, _overall(joined, interest))

    found = kept(estimate)
    order = _order(found.aurocs, references)
    return AurocResults(
        class_of_interest=interest,
        reference=reference,
        names=names,
        aurocs=found.aurocs,
        curves=tuple(roc_curve(y_true, score) for score in scores),
        best=order[0] if order else None,
        comparator=comparator,
        differences=found.differences,
        overall=found.overall,
        confidence=confidence,
    )


def one_against_rest(joined: Joined, class_of_interest: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the true labels as 0/1, int64 [n], and the probabilities of the class, float64 [m, n]."""
    index = joined.classes.index(class_of_interest)
    return (joined.y_true == index).astype(np.int64), joined.probabilities[:, :, index]


def shown_names(joined: Joined) -> tuple[str, ...]:
    """Return the runs' names; equal names get their run id."""
    names = [run.name for run in joined.runs]
    return tuple(
        f"{run.name} ({run.run_id})" if names.count(run.name) > 1 and run.name != run.run_id else run.name
        for run in joined.runs
    )


def _order(aurocs: Sequence[Interval | None], reference: Sequence[bool]) -> list[int]:
    """Return the indices of runs with an AUROC: the highest first, references last, ties in the order of the runs."""
    known = [(reference[i], -auroc.value, i) for i, auroc in enumerate(aurocs) if auroc is not None]
    return [i for _, _, i in sorted(known)]


def _overall(joined: Joined, class_of_interest: str) -> tuple[Mapping[str, Interval], ...]:
    if len(joined.classes) == 2:
        return ()
    index = joined.classes.index(class_of_interest)
    found = (
        pooled_intervals(joined.y_true, np.asarray(probabilities), index, joined.groups)
        for probabilities in joined.probabilities
    )
    return tuple({name: one[name] for name in OVERALL} for one in found)
