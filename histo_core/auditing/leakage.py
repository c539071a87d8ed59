"""Find leakage between the sets of a split: shared patients, slides and identical patches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from histo_core.auditing.duplicates import exact_duplicates
from histo_core.auditing.sides import known, on_both_sides, rows_of, sides_in_words
from histo_core.data.dataset import Dataset
from histo_core.data.splits.split import Split
from histo_core.progress import Progress, silent
from histo_core.shown_text import count


@dataclass(frozen=True)
class LeakageReport:
    """The leakage between the sets of a split.

    Attributes:
        shared_patients, shared_slides: ids that occur in more than one set.
        identical: pairs of sample ids whose pixels are equal and whose sets differ.
        conflicting: pairs whose pixels are equal and whose labels differ, in the same set or not.
        patients_known: whether each sample of the split has a patient id.
        verdict: the result in one sentence; what it says of patients and slides is what an audit says.

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
        CancelledError: raised by ``progress``.
    """
    rows = rows_of(split)
    patients_known = known(dataset, rows, "patient_id")
    patients, slides = (on_both_sides(dataset, split, rows, column) for column in ("patient_id", "slide_id"))
    identical, conflicting = _equal_pixels(dataset, split, exact_duplicates(dataset, rows, progress))
    verdict = f"{sides_in_words(dataset, split)}; {_pixels(len(identical), len(conflicting))}."
    return LeakageReport(patients, slides, identical, conflicting, patients_known, verdict)


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


def _pixels(identical: int, conflicting: int) -> str:
    """Return the clause on equal pixels."""
    pixels = (
        f"{_patches(identical)} identical to one in another set"
        if identical
        else "no two sets share an identical patch"
    )
    return pixels + (f"; {_patches(conflicting)} labelled otherwise than an identical one" if conflicting else "")


def _patches(number: int) -> str:
    return f"{count(number, 'patch')} {'is' if number == 1 else 'are'}"
