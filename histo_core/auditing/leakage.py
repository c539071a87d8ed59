"""What the two sides of a split share: patients, slides, identical patches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from histo_core.auditing.duplicates import exact_duplicates
from histo_core.data.dataset import PARTS, Dataset
from histo_core.data.splits.split import Split
from histo_core.progress import Progress, silent

_SHOWN = 3


@dataclass(frozen=True)
class LeakageReport:
    """What was found.

    Attributes:
        shared_patients, shared_slides: ids that stand in more than one part.
        identical: pairs of sample ids whose pixels are equal and whose parts differ.
        conflicting: pairs whose pixels are equal and whose labels differ, in the same part or not.
        patients_known: whether each sample of the split has a patient id.
        verdict: one sentence to read aloud.

    Of many equal patches, the first (a training patch where there is one) is paired with each of the others that
    differ from it, so that a thousand white patches make at most a thousand pairs and not half a million.
    """

    shared_patients: tuple[str, ...]
    shared_slides: tuple[str, ...]
    identical: tuple[tuple[str, str], ...]
    conflicting: tuple[tuple[str, str], ...]
    patients_known: bool
    verdict: str


def audit_leakage(dataset: Dataset, split: Split, progress: Progress = silent) -> LeakageReport:
    """Look for patients, slides and pixels that stand on both sides of a split.

    Every patch is read once; equal pixels are found by SHA-256. Patches that were turned, mirrored or saved anew
    with loss are found by `histo_core.auditing.report.compute_audit`.

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
    """Rows of all parts, int64: training first, so that a pair of patches begins with the training patch."""
    return np.concatenate([split.indices(part) for part in PARTS])


def known(dataset: Dataset, rows: np.ndarray, column: str) -> bool:
    """Whether each of some rows has an id in a column."""
    return column in dataset.table and bool(dataset.table[column].iloc[rows].notna().all())


def on_both_sides(dataset: Dataset, split: Split, rows: np.ndarray, column: str) -> tuple[str, ...]:
    """Ids of a column that stand in more than one part, in order; none where there is no such column."""
    if column not in dataset.table:
        return ()
    ids = dataset.table[column].iloc[rows]
    parts_of = ids.to_frame("id").assign(part=split.parts[rows]).dropna().groupby("id")["part"].nunique()
    return tuple(str(name) for name in parts_of.index[parts_of > 1])


def some(names: tuple[str, ...], kind: str) -> str:
    """The first of some names with their count and verb: "2 patients (p1, p2) are"."""
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return f"1 {kind} ({shown}) is" if len(names) == 1 else f"{len(names):,} {kind}s ({shown}) are"


def _equal_pixels(
    dataset: Dataset, split: Split, equal: list[np.ndarray]
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Pairs in different parts, and pairs with different labels."""
    names = dataset.table["sample_id"].tolist()

    def pairs(values: np.ndarray) -> tuple[tuple[str, str], ...]:
        return tuple(
            (names[first], names[other])
            for first, *others in equal
            for other in others
            if values[other] != values[first]
        )

    return pairs(split.parts), pairs(dataset.table["label"].to_numpy())


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
        f"{_patches(identical)} identical to one in another part"
        if identical
        else "no two parts share an identical patch"
    )
    labels = f"; {_patches(conflicting)} labelled otherwise than an identical one" if conflicting else ""
    return f"{sides}; {pixels}{labels}."


def _patches(count: int) -> str:
    return f"{count:,} patch{' is' if count == 1 else 'es are'}"
