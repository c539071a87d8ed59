"""Compute risk-coverage curves: how the error falls when a model may refuse the patches it is least sure of.

The generalized risk at a coverage is the share of all samples that are accepted and wrong. The area under it (AUGRC;
Traub et al. 2024, NeurIPS) is the mean share of undetected errors over all coverages; smaller is better.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from histo_core.evaluation.counts import ratio_interval
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.leave_out import leave_out_interval
from histo_core.evaluation.validation import Groups, check_groups

COVERAGES = (0.8, 0.95)


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """The curve of one model: the most confident samples first, samples of one confidence together.

    Attributes:
        coverage: float64 [p], share of accepted samples, ascending from above 0 to 1.
        risk: float64 [p], share of wrong ones among the accepted.
        confidence: float64 [p], from which on samples are accepted.
        augrc: area under the generalized risk, 0 to 0.5, with its interval.
    """

    coverage: np.ndarray
    risk: np.ndarray
    confidence: np.ndarray
    augrc: Interval


@dataclass(frozen=True)
class Selected:
    """What a model does on the samples that it accepts, and whom it refuses.

    Attributes:
        asked, coverage: the coverage asked for, and the one reached: samples of one confidence stay together.
        error, sensitivity, specificity: of the accepted samples.
        refused: how many samples are refused.
        refused_of_class, refused_of_rest: share of the class of interest, and of the rest, that is refused.
        groups_refused: patients (else slides) of whom more than half of the samples are refused; None without groups.
    """

    asked: float
    coverage: float
    error: Interval
    sensitivity: Interval
    specificity: Interval
    refused: int
    refused_of_class: float
    refused_of_rest: float
    groups_refused: int | None


def confidences(score: np.ndarray, threshold: float) -> np.ndarray:
    """Return how far each probability lies from the threshold, as a share of the way to 0 or 1, float64 [n].

    At 0.5 the order is that of the probability of the called class.

    Args:
        score: probabilities of the class of interest, float64 [n].
        threshold: 0 to 1; at or above it a sample is called positive.
    """
    above = np.divide(score - threshold, 1 - threshold, out=np.ones(len(score)), where=threshold < 1)
    below = np.divide(threshold - score, threshold, out=np.ones(len(score)), where=threshold > 0)
    return np.where(score >= threshold, above, below)


def augrc(wrong: np.ndarray, confidence: np.ndarray) -> float:
    """Return (1 - AUROC_f) a (1 - a) + (1 - a)^2 / 2, with the accuracy a, and AUROC_f that ranks right above wrong.

    Args:
        wrong: bool [n].
        confidence: float [n]; samples of one confidence are one point.

    Example:
        >>> round(augrc(np.array([False, True, False, True]), np.array([0.9, 0.8, 0.7, 0.6])), 4)
        0.1875
    """
    errors, sizes, _ = _blocks(wrong, confidence)
    return _augrc(errors, sizes)


def risk_coverage(
    wrong: np.ndarray, confidence: np.ndarray, groups: Groups = None, *, level: float = CONFIDENCE
) -> RiskCoverage:
    """Return the risk-coverage curve of one model, with the interval of `leave_out_interval` for its area.

    Args:
        wrong: bool [n], whether the model is wrong about each sample.
        confidence: float [n]; the least confident samples are refused first.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        level: of the interval, 0 to 1.

    Raises:
        DataError: group ids that do not fit.
    """
    n = len(wrong)
    codes = check_groups(groups, n)
    errors, sizes, block = _blocks(wrong, confidence)

    def area_of(kept: np.ndarray) -> float:
        left = ~kept  # a few samples, so that what they take away is counted, not what stays
        gone = block[left]
        return _augrc(
            errors - np.bincount(gone, wrong[left], minlength=len(errors)),
            sizes - np.bincount(gone, minlength=len(sizes)),
        )

    area = leave_out_interval(area_of, np.ones((1, n), bool), codes, bounds=(0.0, 0.5), confidence=level)
    accepted = np.cumsum(sizes[::-1])
    return RiskCoverage(
        accepted / n, np.cumsum(errors[::-1]) / accepted, np.unique(confidence)[::-1].astype(np.float64), area
    )


def _blocks(wrong: np.ndarray, confidence: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return errors and samples of each distinct confidence, ascending, float64 [p], and each sample's one, int [n]."""
    _, block = np.unique(confidence, return_inverse=True)
    return np.bincount(block, wrong).astype(np.float64), np.bincount(block).astype(np.float64), block


def _augrc(errors: np.ndarray, sizes: np.ndarray) -> float:
    n, wrong = sizes.sum(), errors.sum()
    if not n:
        return float("nan")
    below = np.cumsum(errors) - errors / 2  # errors less confident than each block, ties half
    won = float(((sizes - errors) * below).sum())
    return float(((n - wrong) * wrong - won) / n**2 + (wrong / n) ** 2 / 2)


def at_coverage(
    asked: float,
    positive: np.ndarray,
    wrong: np.ndarray,
    confidence: np.ndarray,
    groups: Groups = None,
    *,
    missed: np.ndarray | None = None,
    level: float = CONFIDENCE,
) -> Selected:
    """Return what a model does when it refuses the least confident samples.

    Args:
        asked: the least share to accept, 0 to 1.
        positive: bool [n], the samples of the class of interest.
        wrong, confidence: as in `risk_coverage`.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        missed: bool [n], whether the model is wrong about the class of interest against the rest, for sensitivity and
            specificity with more than two classes; None takes ``wrong``.
        level: of the intervals, 0 to 1.

    Raises:
        DataError: group ids that do not fit.
    """
    n = len(wrong)
    codes, against_rest = check_groups(groups, n), wrong if missed is None else missed
    needed = int(np.ceil(asked * n - 1e-9))
    accepted = confidence >= np.partition(confidence, n - needed)[n - needed] if needed else np.zeros(n, bool)

    def rate(successes: np.ndarray, trials: np.ndarray, nothing: str) -> Interval:
        return ratio_interval(successes & trials, trials, codes, confidence=level, nothing=nothing)

    refused = ~accepted
    return Selected(
        asked=asked,
        coverage=float(accepted.mean()),
        error=rate(wrong, accepted, "nothing is accepted"),
        sensitivity=rate(~against_rest, accepted & positive, "no positive sample is accepted"),
        specificity=rate(~against_rest, accepted & ~positive, "no negative sample is accepted"),
        refused=int(refused.sum()),
        refused_of_class=float(refused[positive].mean()) if positive.any() else float("nan"),
        refused_of_rest=float(refused[~positive].mean()) if not positive.all() else float("nan"),
        groups_refused=None if codes is None else int((2 * np.bincount(codes, refused) > np.bincount(codes)).sum()),
    )
