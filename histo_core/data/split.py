"""Which samples train, which choose, and which are held out.

Patches of one patient are not independent, so whole patients (else slides) are held out wherever they are known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.config import SplitConfig
from histo_core.data.base import PARTS, UNLABELLED, Dataset
from histo_core.data.partition import partition_groups, partition_samples
from histo_core.errors import SplitError

LEFT_OUT = ""
"""Stands for the part of samples that no part takes, because they have no label."""

_COLUMNS = {"published": "split", "patient": "patient_id", "slide": "slide_id"}
_MAY_SHARE = {
    "slide": "patient ids are not known, so slides of one patient may stand on both sides",
    "random": "patients are not kept together, so patches of one patient may stand on both sides",
}


@dataclass(frozen=True, eq=False)
class Split:
    """A part for each row of a data set's table.

    Attributes:
        parts: object array of "train", "valid", "test", or `LEFT_OUT`.
        method: published, patient, slide or random; what "auto" resolved to.
        fingerprint: SHA-256 (hex) of the sorted sample ids with their labels and parts.
        note: one sentence for a page: what was held out, and what the split cannot promise.
    """

    parts: np.ndarray
    method: str
    fingerprint: str
    note: str

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
        known = _known(dataset, "patient_id")
        patients = [_distinct(dataset, "patient_id", self.parts == part) if known else None for part in PARTS]
        counts["patients"] = pd.array(patients, dtype="Int64")
        return counts.rename_axis("split")


def make_split(dataset: Dataset, config: SplitConfig) -> Split:
    """Divide a data set; the same data set and configuration give the same split, whatever the order of its rows.

    A published split that lacks a validation or test part gets it cut from its training part, by patient or slide
    where these are known. Parts have about the same class shares as the whole.

    Raises:
        SplitError: no labels, no such ids, no published split, or too few groups for the parts.
    """
    labels = dataset.table["label"].to_numpy()
    if (labels == UNLABELLED).all():
        raise SplitError(f"Data set {dataset.name!r} has no labels.", "Labelled samples are split.", "Add labels.")
    method = _method(dataset, config.method)
    parts = np.full(len(dataset), LEFT_OUT, dtype=object)
    if method == "published":
        published = dataset.table["split"].to_numpy(dtype=object)
        parts[:] = np.where((labels != UNLABELLED) & np.isin(published, PARTS), published, LEFT_OUT)
        note = _complete(dataset, parts, config)
    else:
        rows = np.flatnonzero(labels != UNLABELLED)
        parts[rows] = _cut(dataset, rows, method, {"valid": config.valid, "test": config.test}, config.seed)
        note = _note(dataset, parts, method)
    note += _warnings(dataset, parts)
    return Split(parts, method, fingerprint(dataset.table["sample_id"].tolist(), labels.tolist(), parts.tolist()), note)


def fingerprint(sample_ids: Sequence[str], labels: Sequence[int], parts: Sequence[str]) -> str:
    """SHA-256 (hex) of the sorted sample ids with their labels and parts."""
    digest = hashlib.sha256()
    for row in sorted(zip(sample_ids, labels, parts, strict=True)):
        digest.update(f"{row[0]!r} {int(row[1])} {row[2]}\n".encode())
    return digest.hexdigest()


def _method(dataset: Dataset, wanted: str) -> str:
    if wanted == "random" or (wanted != "auto" and _offers(dataset, wanted)):
        return wanted
    available = [*(name for name in _COLUMNS if _offers(dataset, name)), "random"]
    if wanted == "auto":
        return available[0]
    needs = "published training part" if wanted == "published" else f"{wanted} ids"
    raise SplitError(
        f"Data set {dataset.name!r} has no {needs}.", f"It can be split by: {', '.join(available)}.", "Choose one."
    )


def _offers(dataset: Dataset, method: str) -> bool:
    if method == "published":
        return "split" in dataset.table and bool((dataset.table["split"] == "train").any())
    return _known(dataset, _COLUMNS[method])


def _known(dataset: Dataset, column: str) -> bool:
    """Whether each labelled sample has this id."""
    labelled = dataset.table["label"] != UNLABELLED
    return column in dataset.table and bool(dataset.table.loc[labelled, column].notna().all())


def _distinct(dataset: Dataset, column: str, rows: np.ndarray) -> int:
    return len(set(dataset.table[column].to_numpy(dtype=object)[rows]))


def _cut(dataset: Dataset, rows: np.ndarray, method: str, shares: dict[str, float], seed: int) -> np.ndarray:
    """Parts of some rows: whole groups, or single samples for "random"."""
    table = dataset.table.iloc[rows]
    labels = table["label"].to_numpy()
    if method == "random":
        return partition_samples(table["sample_id"].to_numpy(dtype=object), labels, shares, seed)
    return partition_groups(table[_COLUMNS[method]].to_numpy(dtype=object), labels, shares, seed, kind=method)


def _complete(dataset: Dataset, parts: np.ndarray, config: SplitConfig) -> str:
    """Cut the parts that the published split lacks from its training part, in place; the note says how."""
    lacking = {
        part: share
        for part, share in (("valid", config.valid), ("test", config.test))
        if share and not (parts == part).any()
    }
    if not lacking:
        return "The split is the published one."
    by = next((name for name in ("patient", "slide") if _known(dataset, _COLUMNS[name])), "random")
    rows = np.flatnonzero(parts == "train")
    parts[rows] = _cut(dataset, rows, by, lacking, config.seed)
    names = " and ".join({"valid": "validation", "test": "test"}[part] for part in lacking)
    verb = "was" if len(lacking) == 1 else "were"
    how = "at random" if by == "random" else f"by {by}"
    return f"The split is the published one; {names} {verb} cut from its training part {how}" + (
        f"; {_MAY_SHARE[by]}." if by in _MAY_SHARE else "."
    )


def _note(dataset: Dataset, parts: np.ndarray, method: str) -> str:
    if method == "random":
        held, total = int((parts == "test").sum()), int((parts != LEFT_OUT).sum())
        return f"Split at random: {held:,} of {total:,} patches are held out for test; {_MAY_SHARE[method]}."
    held, total = (_distinct(dataset, _COLUMNS[method], rows) for rows in (parts == "test", parts != LEFT_OUT))
    return f"Split by {method}: {held:,} of {total:,} {method}s are held out for test" + (
        f"; {_MAY_SHARE[method]}." if method in _MAY_SHARE else "."
    )


def _warnings(dataset: Dataset, parts: np.ndarray) -> str:
    """What else a reader must know, as further sentences."""
    labels = dataset.table["label"].to_numpy()
    unseen = [name for label, name in enumerate(dataset.classes) if not ((labels == label) & (parts == "train")).any()]
    left_out = int((parts == LEFT_OUT).sum())
    return (f" No training patch shows {' or '.join(unseen)}." if unseen else "") + (
        f" {left_out:,} patches without a label or part are left out." if left_out else ""
    )
