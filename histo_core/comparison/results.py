"""Hold the result of a comparison: each model's numbers, the pairs, and both as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.comparison.pairs import PairDifference
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.comparison.threshold import ChosenThreshold, ThresholdRule
from histo_core.data.grouping import GroupKind
from histo_core.evaluation.calibration_error import CalibrationError
from histo_core.evaluation.class_report import ClassReport, class_report
from histo_core.evaluation.class_support import ClassSupport, class_support, one_against_rest_support, support_in_words
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.metrics import RATES, BinaryMetrics
from histo_core.evaluation.roc import RocCurve
from histo_core.evaluation.scorecard import scorecard

ONE_AGAINST_REST = "one_vs_rest_"
"""Prefix of columns about the class of interest alone, where there are more than two classes."""


@dataclass(frozen=True, eq=False)
class ModelResult:
    """The numbers of one model.

    Attributes:
        run_id, name: unique id, and displayed name.
        auroc: AUROC of the class of interest against the rest; None where a class is missing.
        metrics: rates of the class of interest against the rest, at the model's threshold.
        overall: metrics over all classes, where there are more than two; see `AurocResults`.
        roc: empty where a class is missing.
        probabilities: float64 [n, k], 0 to 1.
        called: int64 [n], the predicted class of each sample: by the threshold for two classes, by the highest
            probability for more.
        confusion: int64 [k, k]; rows are the true class, columns the predicted one.
        is_reference: whether it is a baseline, not a candidate.
        source: all its predictions, under the class names of the first model.
    """

    run_id: str
    name: str
    auroc: Interval | None
    metrics: BinaryMetrics
    overall: Mapping[str, Interval]
    roc: RocCurve
    probabilities: np.ndarray
    called: np.ndarray
    confusion: np.ndarray
    is_reference: bool
    source: RunPredictions

    @property
    def confidence(self) -> np.ndarray:
        """Return each sample's probability of the class that is called, float64 [n]."""
        return np.take_along_axis(self.probabilities, self.called[:, None], axis=1)[:, 0]


@dataclass(frozen=True, eq=False)
class Comparison:
    """A comparison of models on the same n samples of n_groups patients or slides (0 where neither is known).

    Attributes:
        split_set: train, valid or test.
        classes, class_of_interest: class names.
        rule: where the models' thresholds come from.
        n, n_groups, group_kind: number of samples; number of patients or slides, and which of the two.
        sample_ids: str [n], sorted.
        y_true: int64 [n], index into ``classes``.
        groups: patient or slide ids [n], or None.
        results: models in the order of the runs.
        comparator: run id of the run that was named beforehand; None where all pairs were compared.
        differences: as in `AurocResults`.
        warnings: reasons why the numbers may be unreliable, in sentences.
        confidence: confidence of all intervals.
        verdict: one sentence that claims no more than the samples support.
        looks: how often the test set was scored for others before, in words; empty where that does not apply.
        prevalence: the stated share of the class of interest, to which what depends on it is reweighted; None takes the
            samples as they are.
        chosen: what the rule chose on each model's validation set, in the order of ``results``; empty for a number.
    """

    split_set: str
    classes: tuple[str, ...]
    class_of_interest: str
    rule: ThresholdRule
    n: int
    n_groups: int
    group_kind: GroupKind | None
    sample_ids: np.ndarray
    y_true: np.ndarray
    groups: np.ndarray | None
    results: tuple[ModelResult, ...]
    comparator: str | None
    differences: tuple[PairDifference, ...]
    warnings: tuple[str, ...]
    confidence: float = CONFIDENCE
    verdict: str = ""
    looks: str = ""
    prevalence: float | None = None
    chosen: tuple[ChosenThreshold, ...] = ()

    @property
    def share(self) -> float:
        """Return the share of the class of interest among the samples, 0 to 1."""
        return float(np.mean(self.y_true == self.classes.index(self.class_of_interest)))

    @property
    def prevalence_words(self) -> str:
        """Return the prevalence as part of a sentence: as sampled, or as stated."""
        sampled = f"{100 * self.share:.3g}% of the patches are {self.class_of_interest}"
        if self.prevalence is None:
            return f"as sampled, where {sampled}"
        return f"{100 * self.prevalence:.3g}%, stated; {sampled}"

    @property
    def many(self) -> bool:
        """Return whether there are more than two classes."""
        return len(self.classes) > 2

    @property
    def support(self) -> tuple[ClassSupport, ...]:
        """Return samples and groups of the class of interest and of the rest."""
        return one_against_rest_support(
            self.y_true, self.classes, self.classes.index(self.class_of_interest), self.groups
        )

    @property
    def basis(self) -> str:
        """Return the support in words: "tumour: 60 patches of 8 patients; normal: 60 patches of 12 patients"."""
        return support_in_words(self.support, self.group_kind)

    @property
    def support_of_all(self) -> tuple[ClassSupport, ...]:
        """Return samples and groups of each class."""
        return class_support(self.y_true, self.classes, self.groups)

    @property
    def basis_of_all(self) -> str:
        """Return the support of all classes in words."""
        return support_in_words(self.support_of_all, self.group_kind)

    def report(self, result: ModelResult) -> ClassReport:
        """Compute the classification report of one of the models; the result is not kept."""
        return class_report(self.y_true, result.called, self.classes, self.groups, confidence=self.confidence)

    def scorecard(self, result: ModelResult, error: CalibrationError | None = None) -> Mapping[str, Interval]:
        """Compute all metrics of one of the models by name (`METRIC_NAMES`); the result is not kept.

        Args:
            result: the model.
            error: its calibration error where it is known already.
        """
        positive = self.classes.index(self.class_of_interest)
        return scorecard(
            self.y_true,
            result.probabilities,
            result.called,
            result.metrics,
            positive,
            self.groups,
            prevalence=self.prevalence,
            confidence=self.confidence,
            error=error,
        )

    def table(self) -> pd.DataFrame:
        """Return one row a model with raw numbers; limits have their own columns, undefined values are NaN."""
        return pd.DataFrame([self._row(result) for result in self.results])

    def _row(self, result: ModelResult) -> dict[str, str | float | bool]:
        row: dict[str, str | float | bool] = {
            "run_id": result.run_id,
            "name": result.name,
            "is_reference": result.is_reference,
            "split_set": self.split_set,
            "n": result.metrics.n,
        }
        for name, interval in result.overall.items():
            row |= _cells("macro_auroc" if name == "auroc" else name, interval)
        prefix = ONE_AGAINST_REST if self.many else ""
        row |= {
            "class_of_interest": self.class_of_interest,
            "threshold": result.metrics.threshold,
            "threshold_from": self.rule.origin,
        }
        if self.prevalence is not None:
            row["prevalence"] = self.prevalence
        for name, one in zip(("positive", "negative"), self.support, strict=True):
            row |= {f"{name}_patches": one.patches, f"{name}_groups": np.nan if one.groups is None else one.groups}
        row["group_kind"] = self.group_kind or ""
        row |= _cells(f"{prefix}auroc", result.auroc or Interval.undefined("a class is missing"))
        for rate in RATES:
            row |= _cells(f"{prefix}{rate}", getattr(result.metrics, rate))
        return row | {f"{prefix}{count}": getattr(result.metrics, count) for count in ("tp", "fp", "fn", "tn")}

    def difference_table(self) -> pd.DataFrame:
        """Return one row a pair with raw numbers."""
        columns = ["first_id", "first", "other_id", "other", "difference", "low", "high", "p_value", "p_corrected",
                   "pairs_tested", "apart", "p_swap", "p_swap_smallest", "method", "warning"]  # fmt: skip
        rows = [
            (pair.first_id, pair.first, pair.other_id, pair.other, found.value, found.low, found.high, found.p_value,
             pair.p_corrected, len(self.differences), pair.significant,
             None if found.swap is None else found.swap.p_value,
             None if found.swap is None else found.swap.smallest, found.method, found.warning)
            for pair in self.differences
            for found in (pair.difference,)
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)


def _cells(name: str, interval: Interval) -> dict[str, str | float | bool]:
    return {
        name: interval.value,
        f"{name}_low": interval.low,
        f"{name}_high": interval.high,
        f"{name}_method": interval.method,
    }
