"""All numbers of a comparison. The threshold-free half is apart, so that a slider need not repeat it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.comparison.aurocs import AurocResults, PairDifference, auroc_results, one_against_rest
from histo_core.comparison.join import Joined
from histo_core.comparison.training_part import LEARNT
from histo_core.comparison.verdict import verdict
from histo_core.data.groups import GroupKind
from histo_core.errors import ComparisonError
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.metrics import RATES, BinaryMetrics, binary_metrics, confusion
from histo_core.evaluation.roc import RocCurve
from histo_core.evaluation.warnings import FEW_GROUPS


@dataclass(frozen=True, eq=False)
class ModelResult:
    """One model's numbers.

    Attributes:
        run_id, name: unique, and as shown.
        auroc: None where a class is missing.
        metrics: of the class of interest against the rest, at the threshold.
        roc: empty where a class is missing.
        confusion: int64 [k, k], rows true. Two classes are told apart at the threshold, more by the highest
            probability.
        is_reference: a yardstick, not a candidate.
    """

    run_id: str
    name: str
    auroc: Interval | None
    metrics: BinaryMetrics
    roc: RocCurve
    confusion: np.ndarray
    is_reference: bool


@dataclass(frozen=True, eq=False)
class Comparison:
    """Models on the same n samples of n_groups patients or slides (0 where neither is known)."""

    part: str
    classes: tuple[str, ...]
    class_of_interest: str
    threshold: float
    n: int
    n_groups: int
    group_kind: GroupKind | None
    results: tuple[ModelResult, ...]
    differences: tuple[PairDifference, ...]
    warnings: tuple[str, ...]
    confidence: float = CONFIDENCE
    seed: int = 0

    @property
    def verdict(self) -> str:
        """One honest sentence."""
        return verdict(self)

    def table(self) -> pd.DataFrame:
        """One row a model with raw numbers; limits in columns of their own, NaN where something is not defined."""
        return pd.DataFrame([self._row(result) for result in self.results])

    def _row(self, result: ModelResult) -> dict[str, str | float | bool]:
        intervals = {"auroc": result.auroc or Interval.undefined("a class is missing")}
        intervals |= {rate: getattr(result.metrics, rate) for rate in RATES}
        row: dict[str, str | float | bool] = {
            "run_id": result.run_id,
            "name": result.name,
            "is_reference": result.is_reference,
            "part": self.part,
            "class_of_interest": self.class_of_interest,
            "n": result.metrics.n,
            "threshold": result.metrics.threshold,
        }
        for name, interval in intervals.items():
            row |= {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
            row[f"{name}_method"] = interval.method
        return row | {count: getattr(result.metrics, count) for count in ("tp", "fp", "fn", "tn")}

    def difference_table(self) -> pd.DataFrame:
        """One row a difference from the best model, with raw numbers."""
        columns = ["best_id", "best", "other_id", "other", "difference", "low", "high", "p_value", "p_holm", "apart"]
        rows = [
            (pair.best_id, pair.best, pair.other_id, pair.other, pair.difference.value, pair.difference.low,
             pair.difference.high, pair.difference.p_value, pair.p_holm, pair.apart, pair.difference.method)
            for pair in self.differences
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=[*columns, "method"])


def compare(
    joined: Joined,
    *,
    threshold: float = 0.5,
    class_of_interest: str | None = None,
    reference: str | None = None,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> Comparison:
    """Compare joined runs: `auroc_results`, then `at_threshold`; their docstrings say what the arguments mean."""
    aurocs = auroc_results(joined, class_of_interest, reference=reference, confidence=confidence, seed=seed)
    return at_threshold(joined, aurocs, threshold)


def at_threshold(joined: Joined, aurocs: AurocResults, threshold: float = 0.5) -> Comparison:
    """Add what depends on the threshold: rates and confusion matrices.

    Args:
        joined: the runs that ``aurocs`` were computed from.
        aurocs: from `auroc_results`.
        threshold: 0 to 1; a sample whose probability of the class of interest is at or above it is called that class.

    Raises:
        ComparisonError: the threshold lies outside 0 to 1.
    """
    if not 0 <= threshold <= 1:
        raise ComparisonError(f"threshold = {threshold}.", "0 to 1 is allowed.", "0.5 is customary.")
    y_true, scores = one_against_rest(joined, aurocs.class_of_interest)
    results = tuple(
        ModelResult(
            run_id=run.run_id,
            name=aurocs.names[i],
            auroc=aurocs.aurocs[i],
            metrics=binary_metrics(y_true, scores[i], threshold, joined.groups, aurocs.confidence),
            roc=aurocs.curves[i],
            confusion=_confusion(joined, i, aurocs.class_of_interest, threshold),
            is_reference=run.run_id == aurocs.reference,
        )
        for i, run in enumerate(joined.runs)
    )
    return Comparison(
        part=joined.part,
        classes=joined.classes,
        class_of_interest=aurocs.class_of_interest,
        threshold=threshold,
        n=len(joined.y_true),
        n_groups=_n_groups(joined),
        group_kind=joined.group_kind,
        results=results,
        differences=aurocs.differences,
        warnings=_warnings(joined, y_true),
        confidence=aurocs.confidence,
        seed=aurocs.seed,
    )


def _confusion(joined: Joined, run: int, class_of_interest: str, threshold: float) -> np.ndarray:
    probabilities = joined.probabilities[run]
    if len(joined.classes) == 2:
        index = joined.classes.index(class_of_interest)
        predicted = np.where(probabilities[:, index] >= threshold, index, 1 - index)
    else:
        predicted = probabilities.argmax(axis=1)
    return confusion(joined.y_true, predicted, len(joined.classes))


def _n_groups(joined: Joined) -> int:
    return 0 if joined.groups is None else len(set(joined.groups))


def _warnings(joined: Joined, y_true: np.ndarray) -> tuple[str, ...]:
    found = [LEARNT] if any(run.learnt for run in joined.runs) else []
    n_groups, kind = _n_groups(joined), joined.group_kind
    if joined.groups is None:
        found.append("No patient or slide ids: patches count as independent, so that intervals may be too narrow.")
    else:
        fewest = min(len(set(joined.groups[y_true == value])) for value in (0, 1))
        if n_groups < FEW_GROUPS:
            found.append(f"Only {n_groups} {kind}{'s' * (n_groups > 1)}: intervals from so few are not to be trusted.")
        elif 0 < fewest < FEW_GROUPS:
            found.append(
                f"Patches of one class come from only {fewest} of {n_groups:,} {kind}s: intervals from so few are not "
                "to be trusted."
            )
    if kind == "slide":
        found.append("Not every patient is known: slides count as independent, so that intervals may be too narrow.")
    if joined.dropped:
        found.append(f"{joined.dropped:,} {joined.part} samples that not every run has were left out.")
    return tuple(found)
