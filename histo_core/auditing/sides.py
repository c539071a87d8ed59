"""Find patients, slides and number groups that several sets of a split share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from histo_core.auditing.finding import Finding
from histo_core.data.dataset import SPLIT_SETS, Dataset
from histo_core.data.splits.split import Split
from histo_core.shown_text import count

_SHOWN = 3


def rows_of(split: Split) -> np.ndarray:
    """Return the rows of all sets, int64: training first, so that a pair of patches begins with the training patch."""
    return np.concatenate([split.indices(split_set) for split_set in SPLIT_SETS])


def known(dataset: Dataset, rows: np.ndarray, column: str) -> bool:
    """Return whether each of some rows has an id in a column."""
    return column in dataset.table and bool(dataset.table[column].iloc[rows].notna().all())


def on_both_sides(dataset: Dataset, split: Split, rows: np.ndarray, column: str) -> tuple[str, ...]:
    """Return the ids of a column that occur in more than one set, in order; empty where there is no such column."""
    if column not in dataset.table:
        return ()
    ids = dataset.table[column].iloc[rows]
    parts_of = ids.to_frame("id").assign(split_set=split.split_sets[rows]).dropna().groupby("id")["split_set"].nunique()
    return tuple(str(name) for name in parts_of.index[parts_of > 1])


def some(names: tuple[str, ...], kind: str) -> str:
    """Return the count and the first of some names with a verb: "2 patients (p1, p2) are"."""
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return f"{count(len(names), kind)} ({shown}) {'is' if len(names) == 1 else 'are'}"


def sides_in_words(dataset: Dataset, split: Split) -> str:
    """Return what the table alone says of patients, slides and number groups, as a clause."""
    return "; ".join(finding.clause for finding in side_findings(dataset, split) if finding.clause)


def side_findings(dataset: Dataset, split: Split) -> Iterator[Finding]:
    """Yield the findings ``patients``, ``slides`` and ``groups``; only the table is read."""
    rows = rows_of(split)
    patients_known = known(dataset, rows, "patient_id")
    yield _patients(dataset, split, patients_known)
    yield _slides(dataset, split, patients_known)
    yield _groups(dataset, split)


def _patients(dataset: Dataset, split: Split, patients_known: bool) -> Finding:
    shared, table = _shared(dataset, split, "patient_id")
    title = "Patients on both sides"
    if shared:
        clause = f"{some(shared, 'patient')} on both sides"
        sentence = f"{clause}: the held-out result is then too good, because the network has seen the patient."
        return Finding("patients", title, sentence, "problem", table, clause)
    if patients_known:
        sentence = "No patient is on both sides of the split."
        return Finding("patients", title, sentence, "ok", table, "No patient is on both sides")
    rows = rows_of(split)
    column = dataset.table.get("patient_id")
    some_known = column is not None and bool(column.iloc[rows].notna().any())
    clause = f"Patients are {'not all ' if some_known else 'not '}known"
    sentence = f"{clause}: patches of one patient may stand on both sides, and nobody can tell."
    return Finding("patients", title, sentence, "unknown", table, clause)


def _slides(dataset: Dataset, split: Split, patients_known: bool) -> Finding:
    shared, table = _shared(dataset, split, "slide_id")
    title = "Slides on both sides"
    if shared:
        clause = f"{some(shared, 'slide')} on both sides"
        sentence = f"{clause}: patches of one slide look alike, so the held-out result is too good."
        return Finding("slides", title, sentence, "problem", table, clause)
    if known(dataset, rows_of(split), "slide_id"):
        clause = "" if patients_known else "no slide is on both sides"
        return Finding("slides", title, "No slide is on both sides of the split.", "ok", table, clause)
    return Finding("slides", title, "Which slide a patch comes from is not known.", "unknown", table)


def _groups(dataset: Dataset, split: Split) -> Finding:
    shared, table = _shared(dataset, split, "group")
    title = "Patients who may be one person"
    if shared:
        clause = f"{some(shared, 'number')} shared by patients on both sides"
        sentence = f"{clause}: they may be one person; split by the column 'group' to keep them together."
        return Finding("groups", title, sentence, "note", table, clause)
    if known(dataset, rows_of(split), "group"):
        return Finding("groups", title, "No two patients on different sides share a number.", "ok", table)
    sentence = "The data set does not say which patients may be one person."
    return Finding("groups", title, sentence, "unknown", table)


def _shared(dataset: Dataset, split: Split, column: str) -> tuple[tuple[str, ...], pd.DataFrame]:
    """Return the shared ids, and the patches that have them, sorted by id and set."""
    rows = rows_of(split)
    shared = on_both_sides(dataset, split, rows, column)
    ids = dataset.table[column].astype(str) if column in dataset.table else pd.Series("", index=dataset.table.index)
    rows = rows[ids.iloc[rows].isin(shared).to_numpy()]
    table = pd.DataFrame(
        {
            "sample_id": dataset.table["sample_id"].to_numpy(dtype=object)[rows],
            column: ids.to_numpy(dtype=object)[rows],
            "split_set": split.split_sets[rows],
        }
    )
    return shared, table.sort_values([column], kind="stable", ignore_index=True)
