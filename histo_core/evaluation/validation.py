"""Check the arguments of this package's functions in one place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from histo_core.errors import DataError

Groups = Sequence[object] | np.ndarray | None


def check_truth(y_true: ArrayLike) -> np.ndarray:
    """Return the true labels as bool [n]; True is the class of interest.

    Raises:
        DataError: no sample, or a value other than 0 and 1.
    """
    truth = np.asarray(y_true)
    if truth.ndim != 1 or not len(truth):
        raise DataError(
            f"y_true has shape {truth.shape}.", "One value a sample is expected.", "Give at least one sample."
        )
    values = np.unique(truth)
    if not np.isin(values, (0, 1)).all():
        raise DataError(
            f"y_true holds {', '.join(map(str, values[:5]))}.",
            "Only 0 and 1 are allowed; 1 is the class of interest.",
            "Compare the labels with one class first.",
        )
    return truth.astype(bool)


def check_scores(scores: ArrayLike, n: int) -> np.ndarray:
    """Return scores as a floating-point array [m, n], one row a model; a single model may be given as [n].

    Raises:
        DataError: not one score a sample and model, or a score that is not a finite number.
    """
    table = np.atleast_2d(np.asarray(scores))
    if table.ndim != 2 or table.shape[1] != n:
        raise DataError(
            f"The scores have shape {np.shape(scores)} for {n} samples.",
            "One score a sample and model is expected.",
            "Give an array of models x samples.",
        )
    if not np.issubdtype(table.dtype, np.floating):
        table = table.astype(np.float64)
    wrong = ~np.isfinite(table)
    if wrong.any():
        raise DataError(
            f"{int(wrong.sum())} of {table.size} scores are no finite numbers.",
            "Scores are probabilities from 0 to 1.",
            "Look for a network whose training diverged.",
        )
    return table


def check_groups(groups: Groups, n: int) -> np.ndarray | None:
    """Return patient or slide ids as numbers 0 to G - 1, int64 [n].

    Return None when there are no ids, or when each sample has its own: the samples are independent then.

    Raises:
        DataError: not one id a sample, or some ids are missing.
    """
    if groups is None:
        return None
    if len(groups) != n:
        raise DataError(
            f"There are {len(groups)} group ids for {n} samples.", "One a sample is expected.", "Join them."
        )
    codes, _ = pd.factorize(np.asarray(groups, dtype=object))
    missing = int((codes < 0).sum())
    if missing:
        raise DataError(
            f"{missing} of {n} group ids are missing.",
            "Every sample needs one, or none has one.",
            "Fill them in, or leave the groups out.",
        )
    return None if codes.max() + 1 == n else codes.astype(np.int64)
