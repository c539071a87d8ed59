"""Divide a comparison into slices by a column, with each model's metrics and a test of interaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from histo_core.comparison.results import Comparison, ModelResult
from histo_core.comparison.sample_facts import slice_of, slice_values
from histo_core.data.grouping import GroupKind
from histo_core.evaluation.auroc import auroc_interval
from histo_core.evaluation.class_support import ClassSupport, class_support
from histo_core.evaluation.interaction import InteractionTests, interaction_tests
from histo_core.evaluation.intervals import Interval
from histo_core.evaluation.leave_out import mean_interval
from histo_core.evaluation.limits import RATE
from histo_core.evaluation.macro_auroc import macro_auroc_interval
from histo_core.evaluation.metrics import binary_metrics
from histo_core.evaluation.multiclass import class_rates
from histo_core.evaluation.validation import check_groups

METRICS = {
    "auroc": "AUROC",
    "accuracy": "Accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "confidence": "Mean confidence",
}
"""Metrics of a slice, with their displayed names."""
BINS = 10
ALL = "all"


@dataclass(frozen=True, eq=False)
class Slice:
    """One slice.

    Attributes:
        column, value: what its samples have in common.
        n: samples.
        n_groups: patients, or slides where no patient is known; 0 where neither is.
        support: samples and groups of each class.
        metrics: by run id, then by the names of `METRICS`.
        confidences: by run id the histogram of the called class's probability, int64 [10] over 0 to 1.
    """

    column: str
    value: str
    n: int
    n_groups: int
    support: tuple[ClassSupport, ...]
    metrics: Mapping[str, Mapping[str, Interval]]
    confidences: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Slices:
    """The slices of a comparison by one column.

    Attributes:
        column: its name in the table of the data.
        slices: in the order of the values.
        whole: all samples together, with `ALL` as its value.
        interaction: tests whether AUROCs and their differences differ between the slices.
        runs: id and displayed name of each model, in the order of the tests' indices.
        group_kind: patient or slide; None where neither is known.
    """

    column: str
    slices: tuple[Slice, ...]
    whole: Slice
    interaction: InteractionTests
    runs: Mapping[str, str]
    group_kind: GroupKind | None

    def table(self) -> pd.DataFrame:
        """Return one row a slice and model with raw numbers; undefined values and limits are NaN."""
        return pd.DataFrame(
            [_row(self, one, run_id, name) for one in self.slices for run_id, name in self.runs.items()]
        )


def slices(comparison: Comparison, facts: pd.DataFrame, column: str) -> Slices:
    """Compute the metrics of each slice, by the methods that the whole comparison uses.

    With more than two classes AUROC is the macro average and accuracy is of all classes, as in the comparison; the
    interaction is that of the class of interest against the rest. A slice of one patient has no intervals, since
    patches of one patient say nothing of how patients differ.

    Args:
        comparison: at its threshold.
        facts: from `histo_core.comparison.sample_facts.sample_facts`.
        column: one of its columns.

    Raises:
        ComparisonError: there is no such column.
    """
    values = slice_values(facts, column)
    members = [slice_of(facts, column, value) for value in values]
    number = np.argmax(np.stack(members), axis=0)
    interest = comparison.classes.index(comparison.class_of_interest)
    return Slices(
        column,
        tuple(_slice(comparison, column, value, member) for value, member in zip(values, members, strict=True)),
        _slice(comparison, column, ALL, np.ones(comparison.n, bool)),
        interaction_tests(
            (comparison.y_true == interest).astype(np.int64),
            np.stack([one.probabilities[:, interest] for one in comparison.results]),
            number,
            comparison.groups,
        ),
        {one.run_id: one.name for one in comparison.results},
        comparison.group_kind,
    )


def _slice(comparison: Comparison, column: str, value: str, member: np.ndarray) -> Slice:
    groups = None if comparison.groups is None else comparison.groups[member]
    n_groups = 0 if groups is None else len(set(groups.tolist()))
    return Slice(
        column,
        value,
        int(member.sum()),
        n_groups,
        class_support(comparison.y_true[member], comparison.classes, groups),
        {one.run_id: _metrics(comparison, one, member, groups, n_groups) for one in comparison.results},
        {one.run_id: np.histogram(one.confidence[member], BINS, (0, 1))[0] for one in comparison.results},
    )


def _metrics(
    comparison: Comparison, result: ModelResult, member: np.ndarray, groups: np.ndarray | None, n_groups: int
) -> dict[str, Interval]:
    y_true, probabilities = comparison.y_true[member], result.probabilities[member]
    interest = comparison.classes.index(comparison.class_of_interest)
    mine, score = (y_true == interest).astype(np.int64), probabilities[:, interest]
    confidence = comparison.confidence
    rates = binary_metrics(mine, score, result.metrics.threshold, groups, confidence)
    if comparison.many:
        auroc = macro_auroc_interval(y_true, probabilities, groups, confidence=confidence)
        accuracy = class_rates(
            y_true, result.called[member], len(comparison.classes), groups, confidence=confidence
        ).accuracy
    else:
        auroc, accuracy = auroc_interval(mine, score, groups, confidence=confidence), rates.accuracy
    codes = check_groups(groups, len(mine))
    found = {
        "auroc": auroc or Interval.undefined("a class is missing"),
        "accuracy": accuracy,
        "sensitivity": rates.sensitivity,
        "specificity": rates.specificity,
        "confidence": mean_interval(result.confidence[member], codes, bounds=RATE, confidence=confidence),
    }
    if n_groups == 1:
        kind = comparison.group_kind or "group"
        return {name: _without_limits(one, kind) for name, one in found.items()}
    return found


def _without_limits(one: Interval, kind: str) -> Interval:
    if not one.defined:
        return one
    warning = f"One {kind}: no interval holds, because other {kind}s may differ."
    return replace(one, low=np.nan, high=np.nan, method=f"one {kind}: no interval", warning=warning)


def _row(found: Slices, one: Slice, run_id: str, name: str) -> dict[str, object]:
    row: dict[str, object] = {
        "column": one.column,
        "value": one.value,
        "n": one.n,
        "n_groups": one.n_groups if found.group_kind else np.nan,
        "group_kind": found.group_kind or "",
    }
    for support in one.support:
        row[f"patches_{support.name}"] = support.patches
        row[f"groups_{support.name}"] = np.nan if support.groups is None else support.groups
    row |= {"run_id": run_id, "name": name}
    for metric, interval in one.metrics[run_id].items():
        row |= {metric: interval.value, f"{metric}_low": interval.low, f"{metric}_high": interval.high}
        row |= {f"{metric}_method": interval.method, f"{metric}_warning": interval.warning}
    return row
