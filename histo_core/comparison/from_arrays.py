"""Join predictions from arrays for a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from histo_core.comparison.join import Joined, RunPredictions
from histo_core.data.grouping import GroupKind
from histo_core.data.predictions import TOLERANCE
from histo_core.errors import ComparisonError
from histo_core.evaluation.validation import Groups

_NO_TABLE = pd.DataFrame(columns=["split", "y_true"])
"""An empty table: arrays have no validation set, so that no rule can choose a threshold there."""


def joined_arrays(
    y_true: ArrayLike,
    predictions: Mapping[str, ArrayLike],
    groups: Groups,
    *,
    classes: Sequence[str] | None,
    group_kind: GroupKind,
) -> Joined:
    """Check arrays of predictions, and join them as `histo_core.comparison.join.join` joins runs.

    Args:
        y_true: indices into the classes, or names of classes [n].
        predictions: name of a model -> its probabilities [n, k], or those of the second of two classes [n].
        groups: patient or slide ids [n], or None.
        classes: names of the k classes; None names them by their numbers.
        group_kind: patient or slide.

    Raises:
        ComparisonError: there is no model, shapes do not fit, numbers are not probabilities, or labels are no class.
    """
    truth = _array(y_true)
    if truth.ndim != 1 or not len(truth):
        raise ComparisonError(
            f"y_true has shape {truth.shape}.", "One label a sample is expected.", "Give at least one sample."
        )
    # A notebook's arguments are checked by nobody else.
    if not isinstance(predictions, Mapping) or not predictions:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ComparisonError(
            "No predictions are given.",
            "A mapping from each model's name to its probabilities is expected.",
            'Write for example {"cnn": p, "resnet": q}.',
        )
    if unnamed := [
        name
        for name in predictions
        if not isinstance(name, str) or not name.strip()  # pyright: ignore[reportUnnecessaryIsInstance]
    ]:
        raise ComparisonError(f"A model is named {unnamed[0]!r}.", "A name in words is expected.", "Name the model.")
    tables = {name: _probabilities(name, given, len(truth)) for name, given in predictions.items()}
    first, k = next((name, table.shape[1]) for name, table in tables.items())
    for name, table in tables.items():
        if table.shape[1] != k:
            raise ComparisonError(
                f"{name} has probabilities of {table.shape[1]} classes; {first} has {k}.",
                "All models need the same classes in the same order.",
                "Reorder or leave out columns.",
            )
    names = _class_names(classes, k)
    return Joined(
        runs=tuple(RunPredictions(name, name, _NO_TABLE, "", names, names[-1]) for name in tables),
        split_set="test",
        sample_ids=np.arange(len(truth)).astype(str).astype(object),
        y_true=_labels(truth, names, named=classes is not None),
        probabilities=np.stack(list(tables.values())),
        groups=_checked_groups(groups, len(truth)),
        group_kind=None if groups is None else group_kind,
        classes=names,
        positive=names[-1],
        shared_only=False,
        dropped=0,
    )


def _array(y_true: ArrayLike) -> np.ndarray:
    try:
        return np.asarray(y_true)
    except ValueError as error:  # lists of different lengths
        raise ComparisonError(f"y_true is no array ({error}).", "One label a sample is expected.", "Mend it.") from None


def _probabilities(name: str, given: ArrayLike, n: int) -> np.ndarray:
    """Return the probabilities of one model, float64 [n, k]."""
    remedy = "Give what the model says of each sample, in the order of y_true."
    allowed = f"[{n}] for two classes, or [{n}, classes], is expected."
    try:
        table = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ComparisonError(
            f"The predictions of {name} are no array of numbers ({error}).", allowed, remedy
        ) from None
    if table.ndim not in (1, 2) or len(table) != n or table.shape[1:] in ((0,), (1,)):
        raise ComparisonError(f"The predictions of {name} have shape {table.shape}.", allowed, remedy)
    wrong = ~np.isfinite(table) | (table < -TOLERANCE) | (table > 1 + TOLERANCE)
    if wrong.any():
        row = int(np.argwhere(wrong)[0][0])
        raise ComparisonError(
            f"{int(wrong.sum()):,} predictions of {name} are no probabilities; the first is "
            f"{table[wrong][0]:.4g}, in row {row}.",
            "0 to 1 is expected.",
            "Turn scores into probabilities first: softmax of logits, or a sigmoid.",
        )
    if table.ndim == 1:
        return np.stack([1 - table, table], axis=1)
    off = np.flatnonzero(np.abs(table.sum(axis=1) - 1) > TOLERANCE)
    if len(off):
        raise ComparisonError(
            f"The probabilities of {name} in row {off[0]} sum to {table[off[0]].sum():.4g}.",
            "They must sum to 1.",
            "Normalise them.",
        )
    return table


def _class_names(classes: Sequence[str] | None, k: int) -> tuple[str, ...]:
    if classes is None:
        return tuple(map(str, range(k)))
    names = tuple(map(str, classes))
    if len(names) != k or len(set(names)) < k:
        raise ComparisonError(
            f"The classes are {', '.join(names)}.",
            f"{k} different names are expected, in the order of the columns.",
            "Two classes are needed where each sample has one probability.",
        )
    return names


def _labels(truth: np.ndarray, classes: tuple[str, ...], *, named: bool) -> np.ndarray:
    """Return the labels as indices into the classes, int64 [n]; they may come as numbers or as names."""
    values = truth.tolist()
    if not named and (name := next((value for value in values if isinstance(value, str)), None)) is not None:
        raise ComparisonError(
            f"y_true holds {name!r}.",
            "Names of classes need their order.",
            "Give classes=[...] in the order of the probabilities; of a single one, the second class's.",
        )
    codes: dict[object, int] = {index: index for index in range(len(classes))}
    codes |= {name: index for index, name in enumerate(classes) if named}
    labels = np.array([codes.get(value, -1) for value in values], np.int64)
    wrong = np.flatnonzero(labels < 0)
    if len(wrong):
        raise ComparisonError(
            f"No class: {len(wrong):,} of {len(labels):,} labels; the first is {values[wrong[0]]!r}, "
            f"in row {wrong[0]}.",
            f"0 to {len(classes) - 1}" + (f", or {', '.join(classes)}." if named else "."),
            "Leave samples without a label out.",
        )
    return labels


def _checked_groups(groups: Groups, n: int) -> np.ndarray | None:
    """Return the ids, object [n], or None."""
    if groups is None:
        return None
    ids = np.asarray(groups, dtype=object)
    if ids.shape != (n,):
        raise ComparisonError(
            f"The groups have shape {ids.shape} for {n} samples.", "One id a sample is expected.", "Join them."
        )
    missing = int(pd.isna(ids).sum())
    if missing:
        raise ComparisonError(
            f"{missing:,} of {n:,} group ids are missing.",
            "Every sample needs one, or none has one.",
            "Fill them in, or leave the groups out.",
        )
    return ids
