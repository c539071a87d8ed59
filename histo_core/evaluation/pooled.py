"""Intervals of the numbers in `class_scores`, from one prediction a sample: as on one test part, or on pooled folds."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from histo_core.evaluation import bootstrap
from histo_core.evaluation.auroc import auroc_interval
from histo_core.evaluation.class_scores import class_scores, losses, rates
from histo_core.evaluation.classes import class_rates, resampled_rate
from histo_core.evaluation.inputs import Groups, check_groups
from histo_core.evaluation.intervals import CONFIDENCE, Interval

_F1 = 2
"""Its column in `rates`."""


def pooled_intervals(
    y_true: np.ndarray, probabilities: np.ndarray, positive: int, groups: Groups = None, *, seed: int = 0
) -> dict[str, Interval]:
    """Each number of `class_scores` with its 95% interval, by name.

    Accuracy and balanced accuracy are those of `class_rates`, the AUROC that of `auroc_interval`. For macro F1 and the
    loss, whole groups are drawn with replacement. Without groups so are samples for macro F1: the cells of the
    confusion matrix are drawn from a multinomial distribution, which is the same thing; the loss gets the normal
    interval of a mean. What does not vary gets an exact limit, or an interval of all that is possible, which says so.

    Args:
        y_true: int64 [n], class indices.
        probabilities: float64 [n, k].
        positive: index of the class of interest.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        seed: of the draws.

    Raises:
        DataError: what `class_scores` raises, or group ids that do not fit.
    """
    value, k = class_scores(y_true, probabilities, positive), probabilities.shape[1]
    codes, called = check_groups(groups, len(y_true)), probabilities.argmax(axis=1)
    cells, loss = y_true * k + called, losses(y_true, probabilities)
    auroc = auroc_interval(y_true == positive, probabilities[:, positive], groups, seed=seed)
    shares = class_rates(y_true, called, k, groups, seed=seed)
    if codes is None:
        share = np.bincount(cells, minlength=k * k) / len(cells)
        drawn = np.random.default_rng(seed).multinomial(len(cells), share, bootstrap.DRAWS).astype(np.float64)
        n, unit, loss_interval = len(cells), "patch", _mean_loss(loss)
    else:
        n, unit = int(codes.max()) + 1, "group"
        weights = bootstrap.draw_groups(n, seed=seed)
        drawn = weights @ np.bincount(codes * k * k + cells, minlength=n * k * k).reshape(n, k * k)
        loss_interval = _drawn_loss(value.loss, (weights @ np.bincount(codes, weights=loss)) / drawn.sum(axis=1), n)
    f1 = rates(drawn.reshape(-1, k, k))[:, _F1]
    return {
        "auroc": auroc or Interval.undefined("a class is missing"),
        "accuracy": shares.accuracy,
        "balanced_accuracy": shares.balanced_accuracy,
        "macro_f1": resampled_rate(value.macro_f1, f1, n, CONFIDENCE, unit=unit),
        "loss": loss_interval,
    }


def _mean_loss(loss: np.ndarray) -> Interval:
    """The normal interval of a mean; a loss is never below 0."""
    mean = float(loss.mean())
    if len(loss) < 2 or np.allclose(loss, mean):
        return _unknown_loss(mean, "patch", len(loss))
    half = float(norm.ppf((1 + CONFIDENCE) / 2) * loss.std(ddof=1) / np.sqrt(len(loss)))
    return Interval(mean, max(mean - half, 0.0), mean + half, "normal interval of a mean")


def _drawn_loss(value: float, means: np.ndarray, n_groups: int) -> Interval:
    if np.allclose(means, value):
        return _unknown_loss(value, "group", n_groups)
    method, warning = bootstrap.method_text(n_groups, means), bootstrap.warning_text(n_groups)
    return Interval(value, *bootstrap.percentiles(means, CONFIDENCE), method, warning)


def _unknown_loss(value: float, unit: str, n: int) -> Interval:
    why = f"one {unit}" if n == 1 else "nothing varies"
    return Interval(value, 0.0, np.inf, f"{why}: no interval can be estimated", bootstrap.warning_text(n))
