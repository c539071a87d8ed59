"""Say which metrics fit a question, and why others mislead; after the idea of MetricsReloaded.

Maier-Hein et al. (2024, Nat. Methods 21:195) choose metrics by the properties of the problem, not by habit. Five
answers are enough for the metrics that `scorecard` has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from histo_core.evaluation.scorecard import METRIC_NAMES
from histo_core.evaluation.scorecard_prevalence import UNMOVED


@dataclass(frozen=True)
class Problem:
    """What is known about the use of the models.

    Attributes:
        real_balance: the classes are as frequent here as where the models will be used.
        reweighted: metrics that are stated at the prevalence of the use, so that the balance here does not count.
        equal_costs: a miss costs as much as a false alarm.
        ordered: the classes have an order, such as grades.
        probabilities: someone acts on the probability itself, not on the called class alone.
        by_patient: decisions are about patients, not about patches.
    """

    real_balance: bool = True
    equal_costs: bool = True
    ordered: bool = False
    probabilities: bool = False
    by_patient: bool = False
    reweighted: frozenset[str] = frozenset()

    @property
    def unit_note(self) -> str:
        """Return what to keep in mind about the unit, in a sentence; empty where decisions are about patches."""
        if not self.by_patient:
            return ""
        return (
            "All of these are of patches: patients with many patches outweigh the others. Intervals are by patient, "
            "values are not."
        )


@dataclass(frozen=True)
class _Objection:
    """A reason against some metrics, which holds for some problems."""

    names: tuple[str, ...]
    holds: Callable[[Problem], bool]
    reason: str


_BY_BALANCE = tuple(name for name in METRIC_NAMES if name not in UNMOVED)
_CALLED = ("accuracy", "balanced_accuracy", "f1", "macro_f1", "weighted_f1", "mcc", "kappa")
_OBJECTIONS = (
    _Objection(
        _BY_BALANCE,
        lambda problem: not problem.real_balance,
        "changes with the class balance, which is made here: state the prevalence",
    ),
    _Objection(
        _CALLED,
        lambda problem: not problem.equal_costs,
        "counts a miss as much as a false alarm: take sensitivity and specificity, or net benefit at the cost ratio",
    ),
    _Objection(
        ("brier", "log_loss", "ece"),
        lambda problem: not problem.probabilities,
        "judges the probabilities, which nobody uses here",
    ),
    _Objection(
        ("auroc", "auprc"),
        lambda problem: problem.probabilities,
        "judges the order alone: wrong probabilities in the right order get the best value",
    ),
    _Objection(
        (*_CALLED, "auroc", "auprc", "log_loss"),
        lambda problem: problem.ordered,
        "knows no order: one grade off counts as much as three",
    ),
)


def misleading(problem: Problem) -> Mapping[str, str]:
    """Return each metric of `METRIC_NAMES`, and why it misleads for this problem; empty where it fits.

    Example:
        >>> found = misleading(Problem(equal_costs=False))
        >>> found["sensitivity"], found["accuracy"][:40]
        ('', 'counts a miss as much as a false alarm: ')
    """
    return {name: "; ".join(one.reason for one in _OBJECTIONS if _against(one, name, problem)) for name in METRIC_NAMES}


def _against(one: _Objection, name: str, problem: Problem) -> bool:
    """Whether an objection holds against a metric; one to the class balance does not where it was reweighted."""
    if name not in one.names or not one.holds(problem):
        return False
    return one.names is not _BY_BALANCE or name not in problem.reweighted
