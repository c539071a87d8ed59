"""Give the predictions of several runs one set of class names before they are joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from histo_core.comparison.run_predictions import RunPredictions
from histo_core.data.class_mapping import REASONS, ClassMatch, propose_mapping
from histo_core.errors import ComparisonError


def under_first_classes(
    runs: Sequence[RunPredictions], classes: Mapping[str, str] | None = None
) -> tuple[tuple[RunPredictions, ...], tuple[str, ...]]:
    """Return the runs with the class names of the first one, and a sentence for each that was renamed.

    Names are matched as `histo_core.data.class_mapping.propose_mapping` does. Whether the match is right is checked
    afterwards, because the labels of shared samples must agree. Where several classes of a run stand for one of the
    first run, their probabilities are added.

    Args:
        runs: at least one.
        classes: for classes of the other runs the class of the first one; they go before the proposed names.

    Raises:
        ComparisonError: a class of a run stands for none of the first one's, or one of these is left over.
    """
    first = runs[0]
    named = [_renamed(first, run, classes or {}) for run in runs[1:]]
    return (first, *(run for run, _ in named)), tuple(note for _, note in named if note)


def other_names(
    runs: Sequence[RunPredictions], split_set: str, classes: Mapping[str, str] | None = None
) -> tuple[ClassMatch, ...]:
    """Return what the classes of other names stand for in the first run, with their labelled patches in one set.

    Args:
        runs: at least one.
        split_set: train, valid or test.
        classes: as `under_first_classes`.
    """
    found: dict[str, ClassMatch] = {}
    for run in runs[1:]:
        labels = run.table.loc[run.table["split"] == split_set, "y_true"].value_counts()
        for match in _matches(runs[0], run, classes or {}):
            if match.theirs not in runs[0].classes:
                known = found.get(match.theirs)
                patches = int(labels.get(match.theirs, 0)) + (known.patches if known else 0)
                found[match.theirs] = replace(match, patches=patches)
    return tuple(found.values())


def _matches(first: RunPredictions, run: RunPredictions, classes: Mapping[str, str]) -> tuple[ClassMatch, ...]:
    synonyms = (first.synonyms, run.synonyms)
    return propose_mapping(dict.fromkeys(run.classes, 0), first.classes, synonyms).changed(classes).matches


def _renamed(first: RunPredictions, run: RunPredictions, classes: Mapping[str, str]) -> tuple[RunPredictions, str]:
    if set(run.classes) == set(first.classes) and not set(classes) & set(run.classes):
        return run, ""
    matches = _matches(first, run, classes)
    names = {match.theirs: match.ours for match in matches}
    if set(names.values()) != set(first.classes):
        left = next((name for name, other in names.items() if other not in first.classes), run.classes[0])
        raise ComparisonError(
            f"Run {run.name} knows the classes {', '.join(run.classes)}; "
            f"{first.name} knows {', '.join(first.classes)}.",
            "Runs are compared on the same classes.",
            f"Choose runs on the same data set, or say which class stands for which: --map-class "
            f"{left}={first.classes[0]}.",
        )
    changed = [match for match in matches if match.theirs != match.ours]
    said = ", ".join(f"{match.theirs} as {match.ours} ({REASONS[match.reason]})" for match in changed)
    renamed = replace(
        run,
        table=_under(run.table, names),
        validation=None if run.validation is None else _under(run.validation, names),
        classes=tuple(dict.fromkeys(names[name] for name in run.classes)),
        positive=names[run.positive],
    )
    return renamed, f"The classes of {run.name} are read as those of {first.name}: {said}." if said else ""


def _under(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Return predictions with other class names; scores are left out, because those of several classes do not add."""
    gone = [f"{kind}_{name}" for name in names for kind in ("prob", "score") if f"{kind}_{name}" in table]
    ours = list(dict.fromkeys(names.values()))
    probabilities = np.zeros((len(table), len(ours)))
    for name, other in names.items():
        probabilities[:, ours.index(other)] += table[f"prob_{name}"].to_numpy(np.float64)
    said = np.array(ours, dtype=object)[probabilities.argmax(axis=1)]
    kept = table.drop(columns=gone).assign(y_true=table["y_true"].map(names.get), y_pred=said)
    return kept.join(pd.DataFrame(probabilities, index=table.index, columns=[f"prob_{name}" for name in ours]))
