"""A split: training, validation and test set of a data set.

Patches of one patient are not independent, so whole patients (else slides) are held out wherever they are known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.data.dataset import SPLIT_SETS, Dataset
from histo_core.data.splits.units import PATIENT

LEFT_OUT = ""
"""Marks samples in no set: they have no label, or were not drawn for the subset."""


@dataclass(frozen=True, eq=False)
class Split:
    """The set of each row of a data set's table.

    Attributes:
        split_sets: object array of "train", "valid", "test", or `LEFT_OUT`.
        method: published, patient, slide, group or random; for "auto" the one that was chosen.
        fingerprint: SHA-256 (hex) of the sorted sample ids with their labels and sets.
        note: a few sentences for a page: what is held out, and what the split cannot guarantee.
        fold: number of the fold, counted from 0, or None where there are no folds.
    """

    split_sets: np.ndarray
    method: str
    fingerprint: str
    note: str
    fold: int | None = None

    def indices(self, split_set: str) -> np.ndarray:
        """Return the rows of one set, int64, ascending."""
        return np.flatnonzero(self.split_sets == split_set).astype(np.int64)

    def counts(self, dataset: Dataset) -> pd.DataFrame:
        """Count samples by set (rows) and class (columns); the last column counts ``patients`` (NA where unknown)."""
        labels = dataset.table["label"].to_numpy()
        rows = {
            split_set: [
                int(((self.split_sets == split_set) & (labels == label)).sum()) for label in range(len(dataset.classes))
            ]
            for split_set in SPLIT_SETS
        }
        counts = pd.DataFrame.from_dict(rows, orient="index", columns=list(dataset.classes))
        known = PATIENT.known(dataset)
        patients = [PATIENT.count(dataset, self.split_sets == split_set) if known else None for split_set in SPLIT_SETS]
        counts["patients"] = pd.array(patients, dtype="Int64")
        return counts.rename_axis("split")


def fingerprint(sample_ids: Sequence[str], labels: Sequence[int], split_sets: Sequence[str]) -> str:
    """Return the SHA-256 (hex) of the sorted sample ids with their labels and sets."""
    digest = hashlib.sha256()
    for row in sorted(zip(sample_ids, labels, split_sets, strict=True)):
        digest.update(f"{row[0]!r} {int(row[1])} {row[2]}\n".encode())
    return digest.hexdigest()
