"""Combine the predictions of several runs into one entry of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import logit, softmax
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression

from histo_core.comparison.class_join import under_first_classes
from histo_core.comparison.ensemble_recipe import KIND_NAMES, EnsembleKind, EnsembleRecipe, ensemble_recipe
from histo_core.comparison.foreign_labels import with_known_labels
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.errors import ComparisonError
from histo_core.shown_text import count

Combine = Callable[[Sequence[pd.DataFrame]], np.ndarray]
"""Maps the members' tables of the same n samples to probabilities, float64 [n, k]."""
_EDGE = 1e-6
"""Probabilities are kept so far from 0 and 1 where their logit is taken."""


def ensemble(
    members: Sequence[RunPredictions],
    kind: EnsembleKind,
    weights: Sequence[float] | None = None,
    *,
    classes: Mapping[str, str] | None = None,
) -> RunPredictions:
    """Combine runs to one, on the samples that all of them have in the same set of the split.

    - ``vote``: the share of members that call a class by their highest probability. With two classes a tie is 0.5.
    - ``mean``: the mean probability.
    - ``weighted``: the mean with the given weights, which sum to 1 afterwards.
    - ``rank``: the mean of each member's ranks of a class's probabilities within a set of the split, as a share of its
      samples. Only the order of a member's probabilities counts. The result is a score and no probability.
    - ``stacking``: a logistic regression on the logits of the members' probabilities (L2 penalty, C = 1), fitted on
      the validation set. Numbers on the validation set are then too good.

    Labels are those of the members that are not imported. Members that predicted other data bring the validation sets
    of their runs along, which are combined in the same way.

    Args:
        members: two or more runs on the same split; classes are matched as in `join`.
        kind: how to combine them.
        weights: one a member, 0 or more, for ``weighted`` only.
        classes: for classes of the other members the class of the first one, as in `join`.

    Returns:
        An entry like a run's; its id names the kind and the members, and ``recipe`` says how it was made.

    Raises:
        ComparisonError: as `ensemble_recipe`; no shared sample, or no labelled validation sample of each class for
            stacking.
    """
    recipe = ensemble_recipe(kind, [member.run_id for member in members], weights)
    members, _ = under_first_classes(members, classes)
    members, notes = with_known_labels(members, "test")
    tables = _shared(members)
    validation = _validation(members)
    names = members[0].classes
    combine = _fitted(recipe, tables if validation is None else validation, names)
    shares = ",".join(f"{one:g}" for one in recipe.shares)
    return RunPredictions(
        run_id=f"{kind}:{'+'.join(recipe.members)}" + (f":{shares}" if kind == "weighted" else ""),
        name=f"{KIND_NAMES[kind]} of {', '.join(member.name for member in members)}",
        table=_combined(tables, combine, names),
        fingerprint=next(member.fingerprint for member in _of_one_split(members)),
        classes=names,
        positive=members[0].positive,
        learnt=any(member.learnt for member in members),
        synonyms=members[0].synonyms,
        validation=None if validation is None else _combined(validation, combine, names),
        imported=all(member.imported for member in members),
        notes=tuple(dict.fromkeys(notes)),
        recipe=recipe,
    )


def _of_one_split(members: Sequence[RunPredictions]) -> Sequence[RunPredictions]:
    """Return the members that say how they were split: imported ones take the others' sets."""
    return [member for member in members if not member.imported] or members


def _shared(members: Sequence[RunPredictions]) -> list[pd.DataFrame]:
    """Return each member's rows of the samples that all have in the same set of the split, in one order."""
    if len({member.fingerprint for member in _of_one_split(members)}) > 1:
        raise ComparisonError(
            f"{', '.join(member.name for member in members)} were trained on different splits.",
            "Members of an ensemble share their split: else one has trained on the test set of another.",
            "Choose runs of one split.",
        )
    found = _on_shared_rows([member.table for member in members])
    if not len(found[0]):
        raise ComparisonError(
            "The members have no sample in common.", "At least one is needed.", "Choose runs on the same data."
        )
    return found


def _validation(members: Sequence[RunPredictions]) -> list[pd.DataFrame] | None:
    """Return the members' rows of their shared validation samples, where these are not in their tables."""
    if all(member.validation is None for member in members):
        return None
    tables = [member.table if member.validation is None else member.validation for member in members]
    found = _on_shared_rows([table.loc[table["split"] == "valid"] for table in tables])
    return found if len(found[0]) else None


def _on_shared_rows(tables: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    keys = [pd.MultiIndex.from_arrays([table["split"], table["sample_id"]]) for table in tables]
    shared = keys[0]
    for key in keys[1:]:
        shared = shared.intersection(key, sort=False)
    return [table.set_index(key).loc[shared].reset_index(drop=True) for table, key in zip(tables, keys, strict=True)]


def _combined(tables: Sequence[pd.DataFrame], combine: Combine, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return the first member's table with the ensemble's answers in place of its own."""
    combined = combine(tables)
    combined = combined / combined.sum(axis=1, keepdims=True)
    first, names = tables[0], np.array(classes, dtype=object)
    kept = first.drop(columns=[name for name in first if str(name).startswith(("prob_", "score_"))])
    answers = {f"prob_{name}": column for name, column in zip(classes, combined.T, strict=True)}
    return kept.assign(y_pred=names[combined.argmax(axis=1)], **answers)


def _fitted(recipe: EnsembleRecipe, validation: Sequence[pd.DataFrame], classes: tuple[str, ...]) -> Combine:
    """Return what combines tables; only stacking learns something from the rows "valid" of ``validation``."""

    def stacked(tables: Sequence[pd.DataFrame]) -> np.ndarray:
        return np.stack([table[[f"prob_{name}" for name in classes]].to_numpy(np.float64) for table in tables])

    match recipe.kind:
        case "vote":
            return lambda tables: _votes(stacked(tables))
        case "mean" | "weighted":
            shares = np.array(recipe.shares)
            return lambda tables: np.tensordot(shares, stacked(tables), axes=1)
        case "rank":
            return lambda tables: _mean_ranks(stacked(tables), tables[0]["split"].to_numpy(dtype=object))
        case _:
            regression = _regression(stacked(validation), validation[0], classes)
            return lambda tables: _regressed(regression, stacked(tables))


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


def _regression(probabilities: np.ndarray, first: pd.DataFrame, classes: tuple[str, ...]) -> LogisticRegression:
    labelled = (first["split"] == "valid").to_numpy() & first["y_true"].notna().to_numpy()
    truth = np.array([classes.index(name) for name in first["y_true"].to_numpy(dtype=object)[labelled]], np.int64)
    if len(np.unique(truth)) < len(classes):
        raise ComparisonError(
            f"{count(len(np.unique(truth)), 'class')} of {len(classes)} have labelled validation samples.",
            "Stacking is fitted on the validation set, which needs each class.",
            "Choose the mean, or runs with a validation set.",
        )
    return LogisticRegression(max_iter=1_000).fit(_logits(probabilities)[labelled], truth)


def _regressed(fitted: LogisticRegression, probabilities: np.ndarray) -> np.ndarray:
    scores = fitted.decision_function(_logits(probabilities))
    return softmax(np.stack([np.zeros(len(scores)), scores], axis=1) if scores.ndim == 1 else scores, axis=1)


def _logits(probabilities: np.ndarray) -> np.ndarray:
    """Return the members' logits side by side, float64 [n, m * k]."""
    return np.concatenate(list(logit(np.clip(probabilities, _EDGE, 1 - _EDGE))), axis=1)
