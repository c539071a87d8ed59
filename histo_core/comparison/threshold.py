"""Choose the thresholds of a comparison: one number, or a rule that is applied to each run's own validation set.

A rule chooses each run's threshold on the run's own validation predictions, and the threshold is used on the compared
set. The test set never chooses it. `histo_core.evaluation.operating_point` explains ties and midpoints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from histo_core.comparison.join import Joined, RunPredictions
from histo_core.errors import ComparisonError, DataError
from histo_core.evaluation.operating_point import (
    threshold_for_sensitivity,
    threshold_for_specificity,
    youden_threshold,
)

Kind = Literal["number", "youden", "sensitivity", "specificity"]
ALLOWED = "0 to 1, validation:youden, validation:sensitivity=0.95 and validation:specificity=0.95 are allowed."
_VALIDATION = "validation:"


@dataclass(frozen=True)
class ThresholdRule:
    """A rule that gives each run its threshold.

    Attributes:
        kind: a fixed number, or what to reach on each run's own validation set.
        value: the number itself, or the sensitivity or specificity to reach, 0 to 1; unused for Youden's index.
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
            case _:
                return f"{self.kind} ≥ {self.value:g}, validation"

    @property
    def words(self) -> str:
        """Return the rule as part of a sentence."""
        if not self.from_validation:
            return f"{self.value:g}, {self.origin}"
        aim = "the largest Youden index" if self.kind == "youden" else f"a {self.kind} of at least {self.value:g}"
        return f"for each run the one with {aim} on its own validation set"

    def __str__(self) -> str:
        """Return the text that `parse_threshold` reads."""
        if not self.from_validation:
            return f"{self.value:g}"
        return _VALIDATION + (self.kind if self.kind == "youden" else f"{self.kind}={self.value:g}")


DEFAULT = ThresholdRule()
PRESETS = (
    ThresholdRule("youden"),
    *(ThresholdRule("sensitivity", value) for value in (0.9, 0.95, 0.99)),
    *(ThresholdRule("specificity", value) for value in (0.9, 0.95, 0.99)),
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
        if rule not in ("sensitivity", "specificity"):
            raise _refused(text)
        kind, rule = ("sensitivity" if rule == "sensitivity" else "specificity"), value
    try:
        number = float(rule)
    except ValueError:
        raise _refused(text) from None
    if not 0 <= number <= 1:
        raise _refused(text)
    return ThresholdRule(kind, number)


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
    return tuple(_chosen(run, class_of_interest, rule) for run in joined.runs)


def _chosen(run: RunPredictions, class_of_interest: str, rule: ThresholdRule) -> float:
    table = run.table if run.validation is None else run.validation
    rows = table[(table["split"] == "valid") & table["y_true"].notna()]
    if rows.empty:
        raise ComparisonError(
            f"Run {run.name} has no labelled validation predictions to choose a threshold on.",
            ALLOWED,
            "Give a number, or compare runs that predicted their validation set.",
        )
    positive = np.asarray(rows["y_true"] == class_of_interest, np.int64)
    score = np.asarray(rows[f"prob_{class_of_interest}"], np.float64)
    try:
        match rule.kind:
            case "youden":
                return youden_threshold(positive, score)
            case "sensitivity":
                return threshold_for_sensitivity(positive, score, rule.value)
            case _:
                return threshold_for_specificity(positive, score, rule.value)
    except DataError as error:
        raise ComparisonError(
            f"On the validation set of run {run.name}: {error}", ALLOWED, "Give a number, or another rule."
        ) from None


def _refused(text: str | float) -> ComparisonError:
    return ComparisonError(f"threshold = {text}.", ALLOWED, "0.5 is customary.")
