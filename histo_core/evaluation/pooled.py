"""Intervals of the numbers in `class_scores`, from one prediction a sample: as on one test part, or on pooled folds."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from scipy.stats import norm

from histo_core.evaluation import bootstrap
from histo_core.evaluation.auroc import auroc_interval
from histo_core.evaluation.class_scores import class_scores, losses, rates
from histo_core.evaluation.inputs import Groups, check_groups
from histo_core.evaluation.intervals import CONFIDENCE, Interval

_RATES = ("accuracy", "balanced_accuracy", "macro_f1")


def pooled_intervals(
    y_true: np.ndarray, probabilities: np.ndarray, positive: int, groups: Groups = None, *, seed: int = 0
) -> dict[str, Interval]:
    """Each number of `class_scores` with its 95% interval, by name.

    With groups, whole groups are drawn with replacement. Without, so are samples: the cells of the confusion matrix
    are drawn from a multinomial distribution, which is the same thing, the loss gets the normal interval of a mean,
    and the AUROC DeLong's.

    Args:
        y_true: int64 [n], class indices.
        probabilities: float64 [n, k].
        positive: index of the class of interest.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        seed: of the draws.

    Raises:
        DataError: what `class_scores` raises, or group ids that do not fit.
    """
    value = asdict(class_scores(y_true, probabilities, positive))
    codes, k = check_groups(groups, len(y_true)), probabilities.shape[1]
    cells = y_true * k + probabilities.argmax(axis=1)
    loss = losses(y_true, probabilities)
    auroc = auroc_interval(y_true == positive, probabilities[:, positive], groups, seed=seed)
    found = {"auroc": auroc or Interval.undefined("a class is missing")}
    if codes is None:
        share = np.bincount(cells, minlength=k * k) / len(cells)
        drawn = np.random.default_rng(seed).multinomial(len(cells), share, bootstrap.DRAWS).astype(np.float64)
        half = norm.ppf((1 + CONFIDENCE) / 2) * loss.std(ddof=1) / np.sqrt(len(loss)) if len(loss) > 1 else np.inf
        found["loss"] = Interval(value["loss"], value["loss"] - half, value["loss"] + half, "normal interval of a mean")
        method, warning = f"bootstrap of {len(cells):,} patches, {len(drawn):,} draws", ""
    else:
        n_groups = int(codes.max()) + 1
        weights = bootstrap.draw_groups(n_groups, seed=seed)
        by_group = np.bincount(codes * k * k + cells, minlength=n_groups * k * k).reshape(n_groups, k * k)
        drawn = weights @ by_group
        means = (weights @ np.bincount(codes, weights=loss)) / drawn.sum(axis=1)
        method, warning = bootstrap.method_text(n_groups, means), bootstrap.warning_text(n_groups)
        found["loss"] = Interval(value["loss"], *bootstrap.percentiles(means, CONFIDENCE), method, warning)
    for name, replicates in zip(_RATES, rates(drawn.reshape(-1, k, k)).T, strict=True):
        found[name] = Interval(value[name], *bootstrap.percentiles(replicates, CONFIDENCE), method, warning)
    return found
