"""Pick the patches of a comparison by a rule, in an order that begins with the most telling ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.comparison.case_rules import CaseRule, Kind, parse_case_rule
from histo_core.comparison.label_errors import OutOfFold, need_out_of_fold, suspected_classes
from histo_core.comparison.results import Comparison, ModelResult
from histo_core.comparison.sample_facts import known_names, slice_of
from histo_core.errors import ComparisonError

MOST_RANKED = 200
"""The most patches of a rule that ranks all of them, such as the most uncertain."""

ORDERS: dict[Kind, str] = {
    "cell": "the most confident answers first",
    "scores": "the highest probability of the class of interest first",
    "wrong": "the most confident answers first",
    "right-wrong": "first where the two models' probabilities of the true class are furthest apart",
    "hardest": "the lowest mean probability of the true class first",
    "uncertain": "the smallest mean distance of the two most probable classes first",
    "disagreement": "the largest distance between two models' probabilities first",
    "label-errors": "first where the labelled class is furthest below the likely one",
    "slice": "the most confident answers of the first model first",
}
"""The order of each rule, in words; ties stay in the order of the sample ids."""


@dataclass(frozen=True, eq=False)
class Cases:
    """Patches that a rule picked.

    Attributes:
        rule: what picked them.
        rows: int64 [c], indices into the comparison's samples, in the order of `ORDERS`.
        note: what is to be known besides, as a sentence; empty for nothing.
    """

    rule: CaseRule
    rows: np.ndarray
    note: str = ""

    @property
    def order(self) -> str:
        """The order of the patches, in words."""
        return ORDERS[self.rule.kind]


def cases(
    comparison: Comparison,
    rule: CaseRule | str,
    *,
    facts: pd.DataFrame | None = None,
    pool: OutOfFold | None = None,
) -> Cases:
    """Pick patches of a comparison.

    Args:
        comparison: at its threshold, which decides what is called right and wrong.
        rule: the rule, or its text.
        facts: columns for ``slice``, from `histo_core.comparison.sample_facts.sample_facts`.
        pool: out-of-fold predictions for ``label-errors``.

    Raises:
        ComparisonError: the rule names a run, class, column or value that is not there, or label errors are asked for
            without out-of-fold predictions.
    """
    rule = parse_case_rule(rule) if isinstance(rule, str) else rule
    return _PICKED[rule.kind](comparison, rule, facts, pool)


def case_table(comparison: Comparison, found: Cases) -> pd.DataFrame:
    """Return one row a patch: id, patient or slide, label, and every model's probability and answer.

    The probability of a model, in the column ``prob_RUN``, is that of the class of interest; ``called_RUN`` is the
    class that it calls at its threshold.
    """
    rows, names = found.rows, np.array(comparison.classes, dtype=object)
    columns: dict[str, object] = {"sample_id": comparison.sample_ids[rows]}
    if comparison.groups is not None and comparison.group_kind is not None:
        columns[f"{comparison.group_kind}_id"] = known_names(comparison.groups[rows])
    columns["y_true"] = names[comparison.y_true[rows]]
    interest = comparison.classes.index(comparison.class_of_interest)
    for result in comparison.results:
        columns[f"prob_{result.run_id}"] = result.probabilities[rows, interest]
        columns[f"called_{result.run_id}"] = names[result.called[rows]]
    return pd.DataFrame(columns)


def _cell(comparison: Comparison, rule: CaseRule, _facts: object, _pool: object) -> Cases:
    result = _model(comparison, rule.runs[0])
    true, called = _class(comparison, rule.true), _class(comparison, rule.called)
    return _sorted(rule, (comparison.y_true == true) & (result.called == called), -result.confidence)


def _scores(comparison: Comparison, rule: CaseRule, _facts: object, _pool: object) -> Cases:
    score = _model(comparison, rule.runs[0]).probabilities[:, comparison.classes.index(comparison.class_of_interest)]
    return _sorted(rule, (score >= rule.low) & (score <= rule.high), -score)


def _wrong(comparison: Comparison, rule: CaseRule, _facts: object, _pool: object) -> Cases:
    result = _model(comparison, rule.runs[0])
    return _sorted(rule, result.called != comparison.y_true, -result.confidence)


def _right_wrong(comparison: Comparison, rule: CaseRule, _facts: object, _pool: object) -> Cases:
    right, wrong = (_model(comparison, run) for run in rule.runs)
    keep = (right.called == comparison.y_true) & (wrong.called != comparison.y_true)
    return _sorted(rule, keep, _of_truth(comparison, wrong) - _of_truth(comparison, right))


def _hardest(comparison: Comparison, rule: CaseRule, _facts: object, _pool: object) -> Cases:
    models = _candidates(comparison)
    mean = np.mean([_of_truth(comparison, one) for one in models], axis=0)
    missed = np.all([one.called != comparison.y_true for one in models], axis=0)
    if missed.any():
        return _sorted(rule, missed, mean)
    found = _ranked(rule, mean)
    return Cases(rule, found.rows, "No patch is called wrongly by all models; these have the lowest probability.")


def _uncertain(comparison: Comparison, rule: CaseRule, _facts: object, _pool: object) -> Cases:
    first_two = np.sort([one.probabilities for one in _candidates(comparison)], axis=2)[:, :, -2:]
    return _ranked(rule, (first_two[:, :, 1] - first_two[:, :, 0]).mean(axis=0))


def _disagreement(comparison: Comparison, rule: CaseRule, _facts: object, _pool: object) -> Cases:
    """Rank by the largest total variation distance of two models; with two classes that of their probabilities."""
    models = _candidates(comparison)
    if len(models) < 2:
        raise ComparisonError("One model cannot disagree.", "Two or more are expected.", "Choose another one, too.")
    largest = np.zeros(comparison.n)
    for place, one in enumerate(models):
        for other in models[:place]:
            distance = np.abs(one.probabilities - other.probabilities).sum(axis=1) / 2
            largest = np.maximum(largest, distance)
    return _ranked(rule, -largest)


def _label_errors(comparison: Comparison, rule: CaseRule, _facts: object, pool: OutOfFold | None) -> Cases:
    """Find suspects among all folds, and return those of them that are compared here."""
    known = need_out_of_fold(pool)
    likely = suspected_classes(known.y_true, known.probabilities)
    rows = np.arange(len(likely))
    margin = known.probabilities[rows, known.y_true] - known.probabilities[rows, np.maximum(likely, 0)]
    place = pd.Index(known.sample_ids).get_indexer(pd.Index(comparison.sample_ids))
    keep = (place >= 0) & (likely[place] >= 0)
    found = _sorted(rule, keep, margin[place])
    everywhere = int((likely >= 0).sum())
    note = f"All folds of {known.name} have {everywhere:,}; those of the fold that is compared are shown."
    return Cases(rule, found.rows, note)


def _slice(comparison: Comparison, rule: CaseRule, facts: pd.DataFrame | None, _pool: object) -> Cases:
    keep = slice_of(facts, rule.column, rule.value)
    return _sorted(rule, keep, -_candidates(comparison)[0].confidence)


_Pick = Callable[[Comparison, CaseRule, pd.DataFrame | None, OutOfFold | None], Cases]
_PICKED: dict[Kind, _Pick] = {
    "cell": _cell,
    "scores": _scores,
    "wrong": _wrong,
    "right-wrong": _right_wrong,
    "hardest": _hardest,
    "uncertain": _uncertain,
    "disagreement": _disagreement,
    "label-errors": _label_errors,
    "slice": _slice,
}


def _sorted(rule: CaseRule, keep: np.ndarray, by: np.ndarray) -> Cases:
    """Return the kept samples, the smallest of ``by`` first."""
    order = np.argsort(by, kind="stable")
    return Cases(rule, order[keep[order]])


def _ranked(rule: CaseRule, by: np.ndarray) -> Cases:
    rows = np.argsort(by, kind="stable")[:MOST_RANKED]
    more = len(by) - len(rows)
    return Cases(rule, rows, f"The first {len(rows):,} of {len(by):,} patches are listed." if more else "")


def _candidates(comparison: Comparison) -> list[ModelResult]:
    """Return the models without references, such as the colour-only baseline."""
    return [one for one in comparison.results if not one.is_reference] or list(comparison.results)


def _model(comparison: Comparison, run_id: str) -> ModelResult:
    found = next((one for one in comparison.results if one.run_id == run_id), None)
    if found is None:
        known = ", ".join(one.run_id for one in comparison.results)
        raise ComparisonError(f"{run_id!r} is not compared here.", f"Compared are {known}.", "Choose one of them.")
    return found


def _class(comparison: Comparison, name: str) -> int:
    if name not in comparison.classes:
        raise ComparisonError(
            f"{name!r} is no class of these models.", f"Classes: {', '.join(comparison.classes)}.", "Choose one."
        )
    return comparison.classes.index(name)


def _of_truth(comparison: Comparison, result: ModelResult) -> np.ndarray:
    return np.take_along_axis(result.probabilities, comparison.y_true[:, None], axis=1)[:, 0]
