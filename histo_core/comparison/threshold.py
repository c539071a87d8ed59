"""Choose the thresholds of a comparison: one number, or a rule that is applied to each run's own validation set.

A rule chooses each run's threshold on the run's own validation predictions, and the threshold is used on the compared
set. The test set never chooses it. `histo_core.evaluation.operating_point` explains ties and midpoints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from histo_core.comparison.join import Joined, RunPredictions
from histo_core.data.grouping import known_groups
from histo_core.errors import ComparisonError, DataError
from histo_core.evaluation.cost_threshold import threshold_for_cost
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.metrics import binary_metrics
from histo_core.evaluation.operating_point import (
    threshold_for_sensitivity,
    threshold_for_specificity,
    youden_threshold,
)
from histo_core.evaluation.threshold_range import threshold_range

Kind = Literal["number", "youden", "sensitivity", "specificity", "cost"]
ALLOWED = (
    "0 to 1, validation:cost=5, validation:youden, validation:sensitivity=0.95 and validation:specificity=0.95 are "
    "allowed."
)
UNSTABLE = "Youden's threshold is unstable: many thresholds are nearly as good, and a few patients decide between them."
_VALIDATION = "validation:"
_KINDS: Mapping[str, Kind] = {"sensitivity": "sensitivity", "specificity": "specificity", "cost": "cost"}


@dataclass(frozen=True)
class ThresholdRule:
    """A rule that gives each run its threshold.

    Attributes:
        kind: a fixed number, or what to reach on each run's own validation set.
        value: the number itself, or the sensitivity or specificity to reach, 0 to 1; how many false alarms a miss
            costs, above 0; unused for Youden's index.
    """

    kind: Kind = "number"
    value: float = 0.5

    @property
    def from_validation(self) -> bool:
        """Return whether each run's own validation set gives the threshold, rather than a person."""
        return self.kind != "number"

    @property
    def origin(self) -> str:
        """Return where the threshold comes from, for a table cell."""
        match self.kind:
            case "number":
                return "the default" if self.value == DEFAULT.value else "chosen by hand"
            case "youden":
                return "Youden, validation"
            case "cost":
                return f"a miss costs {self.value:g}, validation"
            case _:
                return f"{self.kind} ≥ {self.value:g}, validation"

    @property
    def words(self) -> str:
        """Return the rule as part of a sentence."""
        if not self.from_validation:
            return f"{self.value:g}, {self.origin}"
        if self.kind == "cost":
            return (
                f"for each run the best one if a miss costs as much as {self.value:g} false alarms, from probabilities "
                "that were calibrated on its own validation set"
            )
        aim = "the largest Youden index" if self.kind == "youden" else f"a {self.kind} of at least {self.value:g}"
        return f"for each run the one with {aim} on its own validation set"

    @property
    def doubt(self) -> str:
        """Return why the rule is not to be relied on, in a sentence; empty where nothing is known against it."""
        return UNSTABLE if self.kind == "youden" else ""

    def __str__(self) -> str:
        """Return the text that `parse_threshold` reads."""
        if not self.from_validation:
            return f"{self.value:g}"
        return _VALIDATION + (self.kind if self.kind == "youden" else f"{self.kind}={self.value:g}")


DEFAULT = ThresholdRule()
PRESETS = (
    *(ThresholdRule("cost", value) for value in (1.0, 5.0, 20.0)),
    *(ThresholdRule("sensitivity", value) for value in (0.9, 0.95, 0.99)),
    *(ThresholdRule("specificity", value) for value in (0.9, 0.95, 0.99)),
    ThresholdRule("youden"),
)
"""The rules that lists offer; `parse_threshold` takes others too."""


def parse_threshold(text: str | float) -> ThresholdRule:
    """Parse a number, or a rule such as ``validation:youden`` or ``validation:sensitivity=0.95``.

    Raises:
        ComparisonError: the text is neither, or the number does not lie from 0 to 1.

    Example:
        >>> str(parse_threshold("validation:sensitivity=0.950"))
        'validation:sensitivity=0.95'
    """
    rule, _, value = str(text).strip().removeprefix(_VALIDATION).partition("=")
    kind: Kind = "number"
    if str(text).strip().startswith(_VALIDATION):
        if rule == "youden" and not value:
            return ThresholdRule("youden")
        if rule not in ("sensitivity", "specificity", "cost"):
            raise _refused(text)
        kind, rule = _KINDS[rule], value
    try:
        number = float(rule)
    except ValueError:
        raise _refused(text) from None
    if not (0 < number < np.inf if kind == "cost" else 0 <= number <= 1):
        raise _refused(text)
    return ThresholdRule(kind, number)


@dataclass(frozen=True, eq=False)
class ChosenThreshold:
    """A threshold that a rule chose on one run's validation set.

    Attributes:
        value: 0 to 1.
        rule: which one.
        y_true: int64 [n], 1 for the class of interest; of the validation set.
        score: float64 [n], its probabilities.
        groups: patient (else slide) ids [n], or None.
        prevalence: the stated one, which a cost ratio takes into account; None for that of the validation set.
    """

    value: float
    rule: ThresholdRule
    y_true: np.ndarray
    score: np.ndarray
    groups: np.ndarray | None
    prevalence: float | None

    def range(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Return between which thresholds the choice falls on resampled validation patients; NaN where unknown."""
        order = np.argsort(self.score, kind="stable")
        y_true, score = self.y_true[order], self.score[order]
        return threshold_range(
            lambda times: _by_rule(self.rule, y_true, score, self.prevalence, times),
            len(score),
            None if self.groups is None else self.groups[order],
            confidence=confidence,
        )

    def promised(self, confidence: float = CONFIDENCE) -> tuple[Interval, Interval]:
        """Return sensitivity and specificity at the threshold on the validation set that chose it."""
        found = binary_metrics(self.y_true, self.score, self.value, self.groups, confidence)
        return found.sensitivity, found.specificity


def chosen_thresholds(
    joined: Joined, class_of_interest: str, rule: ThresholdRule, prevalence: float | None = None
) -> tuple[ChosenThreshold, ...]:
    """Return what the rule chose on each run's validation set, in the order of the runs; empty for a number.

    Args:
        joined: the runs; only the predictions of their validation sets are read.
        class_of_interest: name of the class whose probability is compared with the threshold.
        rule: how to choose it.
        prevalence: the stated share of the class, 0 to 1, which a cost ratio takes into account.

    Raises:
        ComparisonError: a run has no labelled validation predictions, or they cannot give a threshold.
    """
    if not rule.from_validation:
        return ()
    return tuple(_chosen(run, class_of_interest, rule, prevalence) for run in joined.runs)


def thresholds(joined: Joined, class_of_interest: str, rule: ThresholdRule) -> tuple[float, ...]:
    """Return each run's threshold, 0 to 1, in the order of the runs.

    Args:
        joined: the runs; only the predictions of their validation sets are read.
        class_of_interest: name of the class whose probability is compared with the threshold.
        rule: how to choose it.

    Raises:
        ComparisonError: a run has no labelled validation predictions, or they cannot give a threshold.
    """
    if not rule.from_validation:
        return (rule.value,) * len(joined.runs)
    return tuple(one.value for one in chosen_thresholds(joined, class_of_interest, rule))


def _chosen(
    run: RunPredictions, class_of_interest: str, rule: ThresholdRule, prevalence: float | None
) -> ChosenThreshold:
    table = run.table if run.validation is None else run.validation
    rows = table.loc[(table["split"] == "valid") & table["y_true"].notna()]
    if rows.empty:
        raise ComparisonError(
            f"Run {run.name} has no labelled validation predictions to choose a threshold on.",
            ALLOWED,
            "Give a number, or compare runs that predicted their validation set.",
        )
    positive = np.asarray(rows["y_true"] == class_of_interest, np.int64)
    score = np.asarray(rows[f"prob_{class_of_interest}"], np.float64)
    try:
        value = _by_rule(rule, positive, score, prevalence)
    except DataError as error:
        raise ComparisonError(
            f"On the validation set of run {run.name}: {error}", ALLOWED, "Give a number, or another rule."
        ) from None
    groups, _ = known_groups(rows.reset_index(drop=True))
    return ChosenThreshold(value, rule, positive, score, groups, prevalence)


def _by_rule(
    rule: ThresholdRule,
    positive: np.ndarray,
    score: np.ndarray,
    prevalence: float | None,
    times: np.ndarray | None = None,
) -> float:
    match rule.kind:
        case "youden":
            return youden_threshold(positive, score, times)
        case "sensitivity":
            return threshold_for_sensitivity(positive, score, rule.value, times)
        case "cost":
            return threshold_for_cost(positive, score, rule.value, times, prevalence=prevalence)
        case _:
            return threshold_for_specificity(positive, score, rule.value, times)


def _refused(text: str | float) -> ComparisonError:
    return ComparisonError(f"threshold = {text}.", ALLOWED, "0.5 is customary.")
