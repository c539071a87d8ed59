"""Join the predictions of several runs on the same samples, or say why they must not be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.comparison.class_join import under_first_classes
from histo_core.comparison.foreign_labels import with_known_labels
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.data.class_mapping import declared_synonyms
from histo_core.data.grouping import GroupKind, known_groups
from histo_core.data.predictions import class_names, read_predictions
from histo_core.errors import ComparisonError
from histo_core.files import read_json, sha256
from histo_core.runs.store.records import Run, RunStatus
from histo_core.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Joined:
    """The predictions of several runs on the same n labelled samples of k classes.

    Attributes:
        runs: the m runs, all with the class names of the first one.
        split_set: train, valid or test.
        sample_ids: str [n], sorted.
        y_true: int64 [n], index into ``classes``.
        probabilities: float64 [m, n, k], 0 to 1.
        groups: patient ids [n], slide ids where no patient is known, None where neither is; see `known_groups`.
        group_kind: patient or slide.
        classes, positive: those of the first run.
        shared_only: whether samples that some run lacks may be left out.
        dropped: how many were left out.
        notes: a sentence for each run whose classes were renamed, and the doubts about each run.
    """

    runs: tuple[RunPredictions, ...]
    split_set: str
    sample_ids: np.ndarray
    y_true: np.ndarray
    probabilities: np.ndarray
    groups: np.ndarray | None
    group_kind: GroupKind | None
    classes: tuple[str, ...]
    positive: str
    shared_only: bool
    dropped: int
    notes: tuple[str, ...] = ()


def load(run: Run, workspace: Workspace) -> RunPredictions:
    """Read the predictions of a finished run, checked against the hash in its manifest.

    Raises:
        ComparisonError: the run has not succeeded, or its files are missing, damaged or changed.
        CorruptDataError: the table breaks its contract.
    """
    name = run.name or run.run_id
    if run.status is not RunStatus.SUCCEEDED:
        raise ComparisonError(
            f"Run {name} is {run.status}.", "Only runs that succeeded can be compared.", "Wait for it, or resume it."
        )
    folder = workspace.run_folder(run.run_id)
    path = folder / "predictions.parquet"
    try:
        manifest = read_json(folder / "manifest.json")
        intact = sha256(path) == manifest["files"][path.name]
        fingerprint, positive = str(manifest["split_fingerprint"]), str(manifest["positive"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ComparisonError(
            f"The files of run {name} cannot be read ({type(error).__name__}: {error}).",
            "A manifest and the predictions it names are expected.",
            "Train the run again.",
        ) from None
    if not intact:
        raise ComparisonError(
            f"The predictions of run {name} are not those it wrote.",
            "Their SHA-256 must be the one in the manifest.",
            "Train the run again.",
        )
    table = read_predictions(path)
    synonyms = declared_synonyms(run.config.data.dataset)
    return RunPredictions(run.run_id, name, table, fingerprint, class_names(table), positive, synonyms=synonyms)


def join(
    runs: Sequence[RunPredictions],
    split_set: str = "test",
    *,
    shared_only: bool = False,
    classes: Mapping[str, str] | None = None,
) -> Joined:
    """Join runs on the labelled samples of one set.

    Args:
        runs: the runs; the others must match the first.
        split_set: train, valid or test, of each run's own split.
        shared_only: compare on the samples that every run has in this set, although splits or samples differ. Each
            run held these samples out, so that the comparison stays fair.
        classes: for classes of the other runs the class of the first one that they stand for; names that differ in
            case, spelling or declared synonyms alone are matched without it.

    Imported predictions get the labels and the sets of the other runs.

    Raises:
        ComparisonError: no runs, or one run twice; no labelled samples; different classes, labels, splits or samples.
    """
    if not runs:
        raise ComparisonError("No run is chosen.", "One or more are expected.", "Choose a run that succeeded.")
    ids = [run.run_id for run in runs]
    twice = sorted({run_id for run_id in ids if ids.count(run_id) > 1})
    if twice:
        raise ComparisonError(f"Run {', '.join(twice)} is chosen twice.", "Each counts once.", "Choose it once.")
    runs, renamed = under_first_classes(runs, classes)
    runs, doubts = with_known_labels(runs, split_set)
    tables = [_labelled(run, split_set) for run in runs]
    for run, table in zip(runs, tables, strict=True):
        _same_labels(runs[0], tables[0], run, table)
    if not shared_only:
        _same_samples(runs, tables, split_set)
    shared = sorted(set.intersection(*(set(table.index) for table in tables)))
    if not shared:
        raise ComparisonError(
            f"The {len(runs)} runs have no {split_set} sample in common.",
            "At least one is needed.",
            "Train them on the same split.",
        )
    rows = [table.loc[shared] for table in tables]
    names = runs[0].classes
    columns = [f"prob_{name}" for name in names]
    groups, kind = _groups(rows)
    return Joined(
        runs=tuple(runs),
        split_set=split_set,
        sample_ids=np.asarray(shared, dtype=object),
        y_true=rows[0]["y_true"].map({name: i for i, name in enumerate(names)}).to_numpy(np.int64),
        probabilities=np.stack([table[columns].to_numpy(np.float64) for table in rows]),
        groups=groups,
        group_kind=kind,
        classes=names,
        positive=runs[0].positive,
        shared_only=shared_only,
        dropped=len(set().union(*(table.index for table in tables))) - len(shared),
        notes=tuple(dict.fromkeys((*renamed, *doubts))),  # an ensemble has its members' doubts again
    )


def _labelled(run: RunPredictions, split_set: str) -> pd.DataFrame:
    table = run.table[(run.table["split"] == split_set) & run.table["y_true"].notna()]
    if table.empty:
        split_sets = ", ".join(sorted(run.table.loc[run.table["y_true"].notna(), "split"].unique())) or "none"
        raise ComparisonError(
            f"Run {run.name} has no labelled {split_set} sample.",
            f"Sets with labels: {split_sets}.",
            "Choose one of these.",
        )
    return table.set_index("sample_id")


def _same_labels(first: RunPredictions, expected: pd.DataFrame, run: RunPredictions, table: pd.DataFrame) -> None:
    both = expected.index.intersection(table.index)
    ours, theirs = expected.loc[both, "y_true"], table.loc[both, "y_true"]
    differ = (ours != theirs).to_numpy()
    if differ.any():
        sample = both[differ][0]
        raise ComparisonError(
            f"{int(differ.sum()):,} of {len(both):,} shared samples have another label in run {run.name} than in "
            f"{first.name}: {sample} is {theirs[sample]} in one and {ours[sample]} in the other.",
            "A sample has one label.",
            "Train one of them again on the corrected labels.",
        )


def _same_samples(runs: Sequence[RunPredictions], tables: Sequence[pd.DataFrame], split_set: str) -> None:
    first, expected = runs[0], tables[0]
    odd: list[str] = []
    partial: list[str] = []
    for run, table in zip(runs[1:], tables[1:], strict=True):
        shared = len(expected.index.intersection(table.index))
        if shared == len(expected) == len(table) and (run.imported or run.fingerprint == first.fingerprint):
            continue
        (partial if run.imported else odd).append(f"{run.name} shares {shared:,} of its {len(table):,}")
    if partial and not odd:
        raise ComparisonError(
            f"{first.name} has {len(expected):,} {split_set} samples: {'; '.join(partial)}.",
            "Numbers on different samples say nothing about the models.",
            "Import predictions of all of them, or compare on the shared samples only.",
        )
    if odd := [*odd, *partial]:
        raise ComparisonError(
            f"These runs were split differently from {first.name} with its {len(expected):,} {split_set} samples: "
            f"{'; '.join(odd)}.",
            "Numbers on different samples say nothing about the models.",
            f"Train again with the split of {first.name}, or compare on the shared samples only.",
        )


def _groups(rows: Sequence[pd.DataFrame]) -> tuple[np.ndarray, GroupKind] | tuple[None, None]:
    """Return the group ids of the run that knows the most patients, else slides, of the same samples."""
    known = max(
        rows, key=lambda table: [np.count_nonzero(table[f"{kind}_id"].notna()) for kind in ("patient", "slide")]
    )
    return known_groups(known.reset_index())
