"""Combine the predictions of several runs into one entry of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy.special import logit, softmax
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression

from histo_core.comparison.class_join import under_first_classes
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.errors import ComparisonError
from histo_core.shown_text import count

EnsembleKind = Literal["vote", "mean", "weighted", "rank", "stacking"]
WORDS: Mapping[EnsembleKind, str] = {
    "vote": "Vote",
    "mean": "Mean",
    "weighted": "Weighted mean",
    "rank": "Mean rank",
    "stacking": "Stacking",
}
_EDGE = 1e-6
"""Probabilities are kept so far from 0 and 1 where their logit is taken."""


def ensemble(
    members: Sequence[RunPredictions], kind: EnsembleKind, weights: Sequence[float] | None = None
) -> RunPredictions:
    """Combine runs to one, on the samples that all of them have in the same set of the split.

    - ``vote``: the share of members that call a class by their highest probability. With two classes a tie is 0.5.
    - ``mean``: the mean probability.
    - ``weighted``: the mean with the given weights, which sum to 1 afterwards.
    - ``rank``: the mean of each member's ranks of a class's probabilities within a set of the split, as a share of its
      samples. Only the order of a member's probabilities counts. The result is a score and no probability.
    - ``stacking``: a logistic regression on the logits of the members' probabilities (L2 penalty, C = 1), fitted on
      the validation set. Numbers on the validation set are then too good.

    Args:
        members: two or more runs on the same split; classes are matched as in `join`.
        kind: how to combine them.
        weights: one a member, 0 or more, for ``weighted`` only.

    Returns:
        An entry like a run's; its id names the kind and the members.

    Raises:
        ComparisonError: fewer than two members, weights that do not fit, no shared sample, or no labelled validation
            sample of each class for stacking.
    """
    if kind not in get_args(EnsembleKind):
        raise ComparisonError(f"ensemble = {kind!r}.", f"Allowed: {', '.join(WORDS)}.", "Choose one of them.")
    if len(members) < 2:
        raise ComparisonError(
            f"An ensemble of {count(len(members), 'run')} was asked for.",
            "Two or more are needed.",
            "Choose more runs.",
        )
    ids = [member.run_id for member in members]
    if len(set(ids)) < len(ids):
        raise ComparisonError("A run is in the ensemble twice.", "Each counts once.", "Use weights instead.")
    shares = _weights(weights, len(members), kind)
    members, _ = under_first_classes(members)
    tables = _shared(members)
    first, classes = tables[0], members[0].classes
    columns = [f"prob_{name}" for name in classes]
    probabilities = np.stack([table[columns].to_numpy(np.float64) for table in tables])
    combine: Mapping[EnsembleKind, Callable[[], np.ndarray]] = {
        "vote": lambda: _votes(probabilities),
        "mean": lambda: probabilities.mean(axis=0),
        "weighted": lambda: np.tensordot(shares, probabilities, axes=1),
        "rank": lambda: _mean_ranks(probabilities, first["split"].to_numpy(dtype=object)),
        "stacking": lambda: _stacked(probabilities, first, classes),
    }
    combined = combine[kind]()
    combined = combined / combined.sum(axis=1, keepdims=True)
    kept = first.drop(columns=[name for name in first if str(name).startswith(("prob_", "score_"))])
    names = np.array(classes, dtype=object)
    table = kept.assign(y_pred=names[combined.argmax(axis=1)], **dict(zip(columns, combined.T, strict=True)))
    return RunPredictions(
        run_id=f"{kind}:{'+'.join(ids)}" + (f":{','.join(f'{w:g}' for w in shares)}" if kind == "weighted" else ""),
        name=f"{WORDS[kind]} of {', '.join(member.name for member in members)}",
        table=table,
        fingerprint=members[0].fingerprint,
        classes=classes,
        positive=members[0].positive,
        learnt=any(member.learnt for member in members),
        synonyms=members[0].synonyms,
    )


def _weights(weights: Sequence[float] | None, n: int, kind: EnsembleKind) -> np.ndarray:
    if (weights is None) == (kind == "weighted"):
        found = "no weights" if weights is None else "weights"
        raise ComparisonError(
            f"An ensemble by {kind} was given {found}.", "A weighted mean needs weights; no other kind takes them.",
            "Give one a member, or choose another kind.",
        )  # fmt: skip
    given = np.ones(n) if weights is None else np.asarray(weights, np.float64)
    if given.shape != (n,) or not np.isfinite(given).all() or (given < 0).any() or not given.sum() > 0:
        raise ComparisonError(
            f"The weights are {', '.join(f'{one:g}' for one in np.atleast_1d(given))}.",
            f"{n} numbers of 0 or more, not all 0, are expected: one a member.",
            "Give one a member.",
        )
    return given / given.sum()


def _shared(members: Sequence[RunPredictions]) -> list[pd.DataFrame]:
    """Return each member's rows of the samples that all have in the same set of the split, in one order."""
    if len({member.fingerprint for member in members}) > 1:
        raise ComparisonError(
            f"{', '.join(member.name for member in members)} were trained on different splits.",
            "Members of an ensemble share their split: else one has trained on the test set of another.",
            "Choose runs of one split.",
        )
    keys = [pd.MultiIndex.from_arrays([member.table["split"], member.table["sample_id"]]) for member in members]
    shared = keys[0]
    for key in keys[1:]:
        shared = shared.intersection(key, sort=False)
    if not len(shared):
        raise ComparisonError(
            "The members have no sample in common.", "At least one is needed.", "Choose runs on the same data."
        )
    return [
        member.table.set_index(key).loc[shared].reset_index(drop=True)
        for member, key in zip(members, keys, strict=True)
    ]


def _votes(probabilities: np.ndarray) -> np.ndarray:
    """Return the share of votes of each class, float64 [n, k]; a member that ties shares its vote."""
    best = probabilities == probabilities.max(axis=2, keepdims=True)
    return (best / best.sum(axis=2, keepdims=True)).mean(axis=0)


def _mean_ranks(probabilities: np.ndarray, split_sets: np.ndarray) -> np.ndarray:
    ranks = np.empty(probabilities.shape)
    for name in np.unique(split_sets.astype(str)):
        rows = split_sets == name
        ranks[:, rows] = (rankdata(probabilities[:, rows], axis=1) - 0.5) / np.count_nonzero(rows)
    return ranks.mean(axis=0)


def _stacked(probabilities: np.ndarray, first: pd.DataFrame, classes: tuple[str, ...]) -> np.ndarray:
    labelled = (first["split"] == "valid").to_numpy() & first["y_true"].notna().to_numpy()
    truth = np.array([classes.index(name) for name in first["y_true"].to_numpy(dtype=object)[labelled]], np.int64)
    if len(np.unique(truth)) < len(classes):
        raise ComparisonError(
            f"{count(len(np.unique(truth)), 'class')} of {len(classes)} have labelled validation samples.",
            "Stacking is fitted on the validation set, which needs each class.",
            "Choose the mean, or runs with a validation set.",
        )
    features = np.concatenate(list(logit(np.clip(probabilities, _EDGE, 1 - _EDGE))), axis=1)
    fitted = LogisticRegression(max_iter=1_000).fit(features[labelled], truth)
    scores = fitted.decision_function(features)
    return softmax(np.stack([np.zeros(len(scores)), scores], axis=1) if scores.ndim == 1 else scores, axis=1)
