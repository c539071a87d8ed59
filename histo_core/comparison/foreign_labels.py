"""Give imported predictions the labels and the sets of the models that they are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from histo_core.comparison.run_predictions import RunPredictions
from histo_core.errors import ComparisonError
from histo_core.shown_text import count

_TAKEN = ["split", "y_true", "patient_id", "slide_id"]


def with_known_labels(
    runs: Sequence[RunPredictions], split_set: str
) -> tuple[tuple[RunPredictions, ...], tuple[str, ...]]:
    """Return the runs with known labels, sets, patients and slides, and a sentence for each difference that this hides.

    They are those of the first run that is not imported; where all are imported, of the first one with labels. Rows of
    samples that it does not have are left out.

    Args:
        runs: at least one, all with the same class names.
        split_set: the compared set, in which differing labels are counted.

    Raises:
        ComparisonError: all runs are imported, and none of them has labels.
    """
    known = next((run for run in runs if not run.imported), None)
    known = known or next((run for run in runs if run.table["y_true"].notna().to_numpy().any()), None)
    if known is None:
        raise ComparisonError(
            f"{', '.join(run.name for run in runs)} say nothing about the labels.",
            "Labels come from a run of this workspace, or from a column of an imported table.",
            "Choose a run beside them.",
        )
    truth = known.table[["sample_id", *_TAKEN]].set_index("sample_id")
    found = [_labelled(run, known, truth, split_set) if run.imported and run is not known else run for run in runs]
    return tuple(found), tuple(note for run in found for note in run.notes)


def _labelled(run: RunPredictions, known: RunPredictions, truth: pd.DataFrame, split_set: str) -> RunPredictions:
    own = run.table.set_index("sample_id")
    both = own.index.intersection(truth.index)
    ours, theirs = truth.loc[both], own.loc[both, "y_true"]
    said = (ours["split"] == split_set) & theirs.notna() & ours["y_true"].notna()
    differ = np.flatnonzero(said & (theirs != ours["y_true"]))
    notes = list(run.notes)
    if len(differ):
        sample = both[differ[0]]
        notes.append(
            f"{count(len(differ), 'patch')} of {run.name} {'has' if len(differ) == 1 else 'have'} another label "
            f"than in {known.name}, whose labels count: {sample} is {theirs[sample]} in the imported table and "
            f"{ours.loc[sample, 'y_true']} here."
        )
    if left := len(own) - len(both):
        notes.append(f"{left:,} of the {len(own):,} rows of {run.name} are of patches that {known.name} does not have.")
    return replace(run, table=own.loc[both].assign(**ours).reset_index(), notes=tuple(notes))
