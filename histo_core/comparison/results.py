"""The result of a comparison: each model's numbers, the pairs, and both as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.comparison.pairs import PairDifference
from histo_core.comparison.threshold import ThresholdRule
from histo_core.data.grouping import GroupKind
from histo_core.evaluation.class_report import ClassReport, class_report
from histo_core.evaluation.class_support import ClassSupport, class_support, one_against_rest_support, support_in_words
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.metrics import RATES, BinaryMetrics
from histo_core.evaluation.roc import RocCurve

ONE_AGAINST_REST = "one_vs_rest_"
"""Before the name of a column, of more than two classes, that is about the class of interest alone."""


@dataclass(frozen=True, eq=False)
class ModelResult:
    """One model's numbers.

    Attributes:
        run_id, name: unique, and as shown.
        auroc: of the class of interest against the rest; None where a class is missing.
        metrics: of the class of interest against the rest, at the model's threshold.
        overall: of all classes together, where there are more than two; see `AurocResults`.
        roc: empty where a class is missing.
        called: int64 [n], the class that each sample is called. Two classes are told apart at the threshold, more by
            the highest probability.
        confusion: int64 [k, k], rows true, columns called.
        is_reference: a yardstick, not a candidate.
    """

    run_id: str
    name: str
    auroc: Interval | None
    metrics: BinaryMetrics
    overall: Mapping[str, Interval]
    roc: RocCurve
    called: np.ndarray
    confusion: np.ndarray
    is_reference: bool


@dataclass(frozen=True, eq=False)
class Comparison:
    """Models on the same n samples of n_groups patients or slides (0 where neither is known).

    Attributes:
        part: train, valid or test.
        classes, class_of_interest: names.
        rule: where the models' thresholds come from.
        n, n_groups, group_kind: samples; patients or slides, and which of the two.
        y_true: int64 [n], index into ``classes``.
        groups: ids [n], or None.
        results: in the order of the runs.
        comparator: run id of the run that was named beforehand; None where all pairs were compared.
        differences: as in `AurocResults`.
        warnings: what speaks against trusting the numbers, in sentences.
        confidence: of all intervals.
        verdict: one sentence that says no more than the samples can bear.
        looks: how often the test part was scored for others before, in words; empty where that is not the question.
    """

    part: str
    classes: tuple[str, ...]
    class_of_interest: str
    rule: ThresholdRule
    n: int
    n_groups: int
    group_kind: GroupKind | None
    y_true: np.ndarray
    groups: np.ndarray | None
    results: tuple[ModelResult, ...]
    comparator: str | None
    differences: tuple[PairDifference, ...]
    warnings: tuple[str, ...]
    confidence: float = CONFIDENCE
    verdict: str = ""
    looks: str = ""

    @property
    def many(self) -> bool:
        """Tell whether there are more than two classes."""
        return len(self.classes) > 2

    @property
    def support(self) -> tuple[ClassSupport, ...]:
        """Samples and groups of the class of interest and of the rest."""
        return one_against_rest_support(
            self.y_true, self.classes, self.classes.index(self.class_of_interest), self.groups
        )

    @property
    def basis(self) -> str:
        """Say what the intervals rest on: "tumour: 60 patches of 8 patients; normal: 60 patches of 12 patients"."""
        return support_in_words(self.support, self.group_kind)

    @property
    def support_of_all(self) -> tuple[ClassSupport, ...]:
        """Samples and groups of each class."""
        return class_support(self.y_true, self.classes, self.groups)

    @property
    def basis_of_all(self) -> str:
        """Say what intervals over all classes rest on."""
        return support_in_words(self.support_of_all, self.group_kind)

    def report(self, result: ModelResult) -> ClassReport:
        """Return the classification report of one of the models; it is made anew at each call."""
        return class_report(self.y_true, result.called, self.classes, self.groups, confidence=self.confidence)

    def table(self) -> pd.DataFrame:
        """One row a model with raw numbers; limits in columns of their own, NaN where something is not defined."""
        return pd.DataFrame([self._row(result) for result in self.results])

    def _row(self, result: ModelResult) -> dict[str, str | float | bool]:
        row: dict[str, str | float | bool] = {
            "run_id": result.run_id,
            "name": result.name,
            "is_reference": result.is_reference,
            "part": self.part,
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
        for name, one in zip(("positive", "negative"), self.support, strict=True):
            row |= {f"{name}_patches": one.patches, f"{name}_groups": np.nan if one.groups is None else one.groups}
        row["group_kind"] = self.group_kind or ""
        row |= _cells(f"{prefix}auroc", result.auroc or Interval.undefined("a class is missing"))
        for rate in RATES:
            row |= _cells(f"{prefix}{rate}", getattr(result.metrics, rate))
        return row | {f"{prefix}{count}": getattr(result.metrics, count) for count in ("tp", "fp", "fn", "tn")}

    def difference_table(self) -> pd.DataFrame:
        """One row a pair, with raw numbers."""
        columns = ["first_id", "first", "other_id", "other", "difference", "low", "high", "p_value", "p_corrected",
                   "pairs_tested", "apart", "p_swap", "p_swap_smallest", "method", "warning"]  # fmt: skip
        rows = [
            (pair.first_id, pair.first, pair.other_id, pair.other, found.value, found.low, found.high, found.p_value,
             pair.p_corrected, len(self.differences), pair.apart, None if found.swap is None else found.swap.p_value,
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
