"""Give the predictions of several runs one set of class names before they are joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from histo_core.comparison.run_predictions import RunPredictions
from histo_core.data.class_mapping import REASONS, propose_mapping
from histo_core.errors import ComparisonError


def under_first_classes(
    runs: Sequence[RunPredictions], classes: Mapping[str, str] | None = None
) -> tuple[tuple[RunPredictions, ...], tuple[str, ...]]:
    """Return the runs with the class names of the first one, and a sentence for each that was renamed.

    Names are matched as `histo_core.data.class_mapping.propose_mapping` does. Whether the match is right is checked
    afterwards, because the labels of shared samples must agree.

    Args:
        runs: at least one.
        classes: for classes of the other runs the class of the first one; they go before the proposed names.

    Raises:
        ComparisonError: a run's classes do not match the first one's, one for one.
    """
    first = runs[0]
    named = [_renamed(first, run, classes or {}) for run in runs[1:]]
    return (first, *(run for run, _ in named)), tuple(note for _, note in named if note)


def _renamed(first: RunPredictions, run: RunPredictions, classes: Mapping[str, str]) -> tuple[RunPredictions, str]:
    if set(run.classes) == set(first.classes) and not set(classes) & set(run.classes):
        return run, ""
    synonyms = (first.synonyms, run.synonyms)
    matches = propose_mapping(dict.fromkeys(run.classes, 0), first.classes, synonyms).changed(classes).matches
    names = {match.theirs: match.ours for match in matches}
    if sorted(names.values()) != sorted(first.classes):
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
    kinds = ("prob", "score")
    columns = {f"{kind}_{theirs}": f"{kind}_{ours}" for theirs, ours in names.items() for kind in kinds}
    table = run.table.rename(columns=columns)
    table = table.assign(y_true=table["y_true"].map(names.get), y_pred=table["y_pred"].map(names.get))
    renamed = replace(
        run, table=table, classes=tuple(names[name] for name in run.classes), positive=names[run.positive]
    )
    return renamed, f"The classes of {run.name} are read as those of {first.name}: {said}." if said else ""
