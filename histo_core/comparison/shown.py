"""Format a comparison's numbers as tables to read: the same on the page, in the report and on the command line.

The CSV files hold the numbers as they are: `Comparison.table`, `Comparison.difference_table`, `class_report_rows`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from histo_core.comparison.pairs import PairDifference
from histo_core.comparison.results import Comparison, ModelResult
from histo_core.evaluation.auroc_equality import auroc_equality
from histo_core.evaluation.class_report import MEASURES, ReportRow
from histo_core.evaluation.intervals import Interval
from histo_core.shown_text import count, plural

OVERALL_NAMES = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro F1",
    "weighted_f1": "Weighted F1",
    "auroc": "Macro AUROC",
}


def overall_table(comparison: Comparison) -> pd.DataFrame:
    """Return one row a model with the metrics over all classes; empty for two classes."""
    if not comparison.many:
        return pd.DataFrame()
    return pd.DataFrame(
        [
            {"Model": shown_name(result)} | {title: str(result.overall[name]) for name, title in OVERALL_NAMES.items()}
            for result in comparison.results
        ]
    )


def metrics_table(comparison: Comparison) -> pd.DataFrame:
    """Return one row a model: its threshold, and the rates of the class of interest against the rest with intervals.

    With more than two classes the accuracy of one class against the rest is left out: a model that never predicts a
    rare class is right on nearly all patches.
    """
    rates = ("accuracy",) * (not comparison.many) + ("sensitivity", "specificity", "precision", "f1")
    return pd.DataFrame(
        [
            {
                "Model": shown_name(result),
                "AUROC": "not defined" if result.auroc is None else str(result.auroc),
                **{rate.capitalize(): str(getattr(result.metrics, rate)) for rate in rates},
                "Threshold": f"{result.metrics.threshold:.3g}, {comparison.rule.origin}",
            }
            for result in comparison.results
        ]
    )


def equality_sentence(comparison: Comparison) -> str:
    """Return the result of the one test of all AUROCs, in words; empty for fewer than three models."""
    index = comparison.classes.index(comparison.class_of_interest)
    tested = [result for result in comparison.results if not result.is_reference]
    if len(tested) < 3:
        return ""
    found = auroc_equality(
        comparison.y_true == index, [result.probabilities[:, index] for result in tested], comparison.groups
    )
    if found.p_value is None:
        return f"Whether the {len(tested)} AUROCs differ at all was not tested: {found.method}."
    sign = "P " + p_text(found.p_value) if found.p_value < 0.001 else f"P = {p_text(found.p_value)}"
    told = "differ" if found.p_value < 1 - comparison.confidence else "cannot be told apart"
    return f"Taken together, the {len(tested)} AUROCs {told}: {sign} ({found.method})."


def differences_table(comparison: Comparison) -> pd.DataFrame:
    """Return one row a pair: the difference, its P values, and whether the two models differ."""
    return pd.DataFrame(
        [
            {
                "Compared": f"{pair.first} - {pair.other}",
                "Difference in AUROC": str(pair.difference),
                "P": p_text(pair.difference.p_value),
                "P, corrected": p_text(pair.p_corrected),
                "P, models swapped": _swap_text(pair),
                "Told apart": "yes" if pair.significant else "no",
            }
            for pair in comparison.differences
        ]
    )


def family_sentence(comparison: Comparison) -> str:
    """Return a sentence on which pairs were tested, and what the P values are corrected for."""
    number = len(comparison.differences)
    pairs = count(number, "pair")
    if comparison.comparator is None:
        family = f"All {pairs} of models were tested" if number > 1 else "The one pair of models was tested"
    else:
        name = next(result.name for result in comparison.results if result.run_id == comparison.comparator)
        family = f"Each model was tested against {name}, named beforehand: {pairs}"
    return (
        f"{family}; P values are corrected for all of them after Holm. Two models are told apart below "
        f"P = {1 - comparison.confidence:.3g} after the correction, never without a P value. "
        f"Intervals are {comparison.confidence:.0%} and not corrected. {swap_sentence(comparison)}"
    ).strip()


def swap_sentence(comparison: Comparison) -> str:
    """Return a sentence on the exact swap test, and on the smallest P value that so few patients can give."""
    swaps = [pair.difference.swap for pair in comparison.differences if pair.difference.swap is not None]
    if not swaps:
        return ""
    kind = comparison.group_kind or "patch"
    what = f"whole {plural(kind)}" if comparison.group_kind else plural(kind)
    how = "all ways of doing so" if all(one.exact for one in swaps) else "very many of the ways of doing so"
    said = f"“Models swapped” gives the two models' answers to each other within {what}, in {how}"
    smallest, fewest = max(one.smallest for one in swaps), min(one.n_groups for one in swaps)
    if smallest < 0.001:
        return f"{said}."
    return f"{said}; {count(fewest, kind)} cannot give a P below {p_text(smallest)}."


def class_report_table(comparison: Comparison, rows: Iterable[ReportRow]) -> pd.DataFrame:
    """Return precision, recall, F1 and support: one row a class, then the averages."""
    kind = comparison.group_kind
    return pd.DataFrame(
        [
            {
                "Class": row.name,
                **{measure.capitalize(): str(getattr(row, measure)) for measure in MEASURES},
                "Patches": f"{row.support.patches:,}",
            }
            | ({} if kind is None else {plural(kind.capitalize()): f"{row.support.groups:,}"})
            for row in rows
        ]
    )


def class_report_rows(comparison: Comparison) -> pd.DataFrame:
    """Return the classification reports of all models with raw numbers, one row a model and class or average."""
    return pd.DataFrame([_raw(result, row) for result in comparison.results for row in comparison.report(result).rows])


def shown_name(result: ModelResult) -> str:
    """Return a model's displayed name; that of a reference says so."""
    return f"{result.name} (reference)" if result.is_reference else result.name


def p_text(p: float | None) -> str:
    """Format a P value.

    Example:
        >>> p_text(0.0004), p_text(0.0312), p_text(None)
        ('< 0.001', '0.031', 'none')
    """
    if p is None:
        return "none"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _swap_text(pair: PairDifference) -> str:
    swap = pair.difference.swap
    return "" if swap is None else p_text(swap.p_value)


def _raw(result: ModelResult, row: ReportRow) -> dict[str, str | float]:
    cells: dict[str, str | float] = {"run_id": result.run_id, "name": result.name, "class": row.name}
    for measure in MEASURES:
        one: Interval = getattr(row, measure)
        cells |= {measure: one.value, f"{measure}_low": one.low, f"{measure}_high": one.high}
        cells[f"{measure}_method"] = one.method
    groups = row.support.groups
    return cells | {"patches": row.support.patches, "groups": np.nan if groups is None else groups}
