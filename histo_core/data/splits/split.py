"""Which samples train, which choose, and which are held out.

Patches of one patient are not independent, so whole patients (else slides) are held out wherever they are known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.data.dataset import PARTS, Dataset
from histo_core.data.splits.units import PATIENT

LEFT_OUT = ""
"""Stands for the part of samples that no part takes: they have no label, or were not drawn for the subset."""


@dataclass(frozen=True, eq=False)
class Split:
    """A part for each row of a data set's table.

    Attributes:
        parts: object array of "train", "valid", "test", or `LEFT_OUT`.
        method: published, patient, slide, group or random; what "auto" resolved to.
        fingerprint: SHA-256 (hex) of the sorted sample ids with their labels and parts.
        note: a few sentences for a page: what was held out, and what the split cannot promise.
        fold: number of the fold, counted from 0, or None where there are no folds.
    """

    parts: np.ndarray
    method: str
    fingerprint: str
    note: str
    fold: int | None = None

    def indices(self, part: str) -> np.ndarray:
        """Rows of one part, int64, ascending."""
        return np.flatnonzero(self.parts == part).astype(np.int64)

    def counts(self, dataset: Dataset) -> pd.DataFrame:
        """Samples by part (rows) and class (columns); a last column counts ``patients`` (NA where unknown)."""
        labels = dataset.table["label"].to_numpy()
        rows = {
            part: [int(((self.parts == part) & (labels == label)).sum()) for label in range(len(dataset.classes))]
            for part in PARTS
        }
        counts = pd.DataFrame.from_dict(rows, orient="index", columns=list(dataset.classes))
        known = PATIENT.known(dataset)
        patients = [PATIENT.count(dataset, self.parts == part) if known else None for part in PARTS]
        counts["patients"] = pd.array(patients, dtype="Int64")
        return counts.rename_axis("split")


def fingerprint(sample_ids: Sequence[str], labels: Sequence[int], parts: Sequence[str]) -> str:
    """SHA-256 (hex) of the sorted sample ids with their labels and parts."""
    digest = hashlib.sha256()
    for row in sorted(zip(sample_ids, labels, parts, strict=True)):
        digest.update(f"{row[0]!r} {int(row[1])} {row[2]}\n".encode())
    return digest.hexdigest()
