"""Find leakage between the sets of a split: shared patients, slides and identical patches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from histo_core.auditing.duplicates import exact_duplicates
from histo_core.data.dataset import SPLIT_SETS, Dataset
from histo_core.data.splits.split import Split
from histo_core.progress import Progress, silent
from histo_core.shown_text import count

_SHOWN = 3


@dataclass(frozen=True)
class LeakageReport:
    """The leakage between the sets of a split.

    Attributes:
        shared_patients, shared_slides: ids that occur in more than one set.
        identical: pairs of sample ids whose pixels are equal and whose sets differ.
        conflicting: pairs whose pixels are equal and whose labels differ, in the same set or not.
        patients_known: whether each sample of the split has a patient id.
        verdict: the result in one sentence.

    Among equal patches, the first (a training patch where there is one) is paired with each of the others that differ
    from it. A thousand white patches therefore make at most a thousand pairs, not half a million.
    """

    shared_patients: tuple[str, ...]
    shared_slides: tuple[str, ...]
    identical: tuple[tuple[str, str], ...]
    conflicting: tuple[tuple[str, str], ...]
    patients_known: bool
    verdict: str


def audit_leakage(dataset: Dataset, split: Split, progress: Progress = silent) -> LeakageReport:
    """Find patients, slides and equal patches that several sets of a split share.

    Every patch is read once; equal pixels are found by SHA-256. `histo_core.auditing.report.compute_audit` also finds
    patches that were turned, mirrored or saved anew with loss.

    Raises:
        CorruptDataError: a patch cannot be read.
        CancelledError: as ``progress`` says.
    """
    rows = rows_of(split)
    patients_known = known(dataset, rows, "patient_id")
    patients, slides = (on_both_sides(dataset, split, rows, column) for column in ("patient_id", "slide_id"))
    identical, conflicting = _equal_pixels(dataset, split, exact_duplicates(dataset, rows, progress))
    return LeakageReport(
        patients,
        slides,
        identical,
        conflicting,
        patients_known,
        _verdict(patients, slides, len(identical), len(conflicting), patients_known),
    )


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
    sets_of = ids.to_frame("id").assign(part=split.split_sets[rows]).dropna().groupby("id")["part"].nunique()
    return tuple(str(name) for name in sets_of.index[sets_of > 1])


def some(names: tuple[str, ...], kind: str) -> str:
    """Return the count and the first of some names with a verb: "2 patients (p1, p2) are"."""
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return f"{count(len(names), kind)} ({shown}) {'is' if len(names) == 1 else 'are'}"


def _equal_pixels(
    dataset: Dataset, split: Split, equal: list[np.ndarray]
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Return pairs in different sets, and pairs with different labels."""
    names = dataset.table["sample_id"].tolist()

    def pairs(values: np.ndarray) -> tuple[tuple[str, str], ...]:
        return tuple(
            (names[first], names[other])
            for first, *others in equal
            for other in others
            if values[other] != values[first]
        )

    return pairs(split.split_sets), pairs(dataset.table["label"].to_numpy())


def _verdict(
    patients: tuple[str, ...], slides: tuple[str, ...], identical: int, conflicting: int, patients_known: bool
) -> str:
    if patients:
        sides = f"{some(patients, 'patient')} on both sides of the split"
    elif patients_known:
        sides = "No patient is on both sides of the split"
    else:
        sides = "Patient ids are not known: patches of one patient may stand on both sides"
    if slides and not patients:
        sides += f"; {some(slides, 'slide')} on both sides"
    pixels = (
        f"{_patches(identical)} identical to one in another set"
        if identical
        else "no two sets share an identical patch"
    )
    labels = f"; {_patches(conflicting)} labelled otherwise than an identical one" if conflicting else ""
    return f"{sides}; {pixels}{labels}."


def _patches(number: int) -> str:
    return f"{count(number, 'patch')} {'is' if number == 1 else 'are'}"
