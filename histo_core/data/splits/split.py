"""Which samples train, which choose, and which are held out.

Patches of one patient are not independent, so whole patients (else slides) are held out wherever they are known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.config import SplitConfig
from histo_core.data.base import PARTS, UNLABELLED, Dataset
from histo_core.data.splits.note import describe
from histo_core.data.splits.partition import draw_samples
from histo_core.data.splits.units import PATCH, PATIENT, Unit, published_parts, takes_published, unit_of
from histo_core.errors import SplitError
from histo_core.workspace import Workspace

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


def make_split(dataset: Dataset, config: SplitConfig, workspace: Workspace | None = None) -> Split:
    """Divide a data set; the same data set and configuration give the same split, whatever the order of its rows.

    A published split that lacks a validation or test part gets it cut from its training part, by patient or slide
    where these are known. With folds and a part held out, the published test part is the one held out and the rest
    is dealt into folds; without, a published split has no folds, and "auto" goes on to patient, slide or random.

    Args:
        dataset: what to divide.
        config: how.
        workspace: where saved splits lie; only the method "saved" needs it.

    Raises:
        SplitError: no labels, no such ids, no published split, or for "auto" one without a training part; too few
            groups for the parts or folds; or a saved split that is not there or was made from other samples.

    Example:
        >>> from histo_core import RunConfig, make_split, open_dataset
        >>> config = RunConfig.parse({"data": {"dataset": "phantom", "options": {"patches": 80, "patients": 20}}})
        >>> dataset = open_dataset(config.data)
        >>> split = make_split(dataset, config.split)
        >>> split.method, [len(split.indices(part)) for part in ("train", "valid", "test")]
        ('patient', [48, 12, 20])
    """
    if config.method == "saved":
        from histo_core.data.splits.saved_split import load_split  # it needs this module

        return load_split(dataset, config, workspace)
    labels = dataset.table["label"].to_numpy()
    if (labels == UNLABELLED).all():
        raise SplitError(f"Data set {dataset.name!r} has no labels.", "Labelled samples are split.", "Add labels.")
    published, unit = takes_published(dataset, config), unit_of(dataset, config)
    usable = labels != UNLABELLED
    given = published_parts(dataset) if published else np.where(usable, "train", LEFT_OUT).astype(object)
    usable &= given != LEFT_OUT
    parts = np.where(_drawn(dataset, usable, given, config), given, LEFT_OUT)
    cut = _divide(dataset, parts, unit, config)
    return Split(
        parts=parts,
        method="published" if published else unit.method,
        fingerprint=fingerprint(dataset.table["sample_id"].tolist(), labels.tolist(), parts.tolist()),
        note=describe(dataset, parts, usable, unit, config, published=published, cut=cut),
        fold=config.fold if config.folds is not None else None,
    )


def fingerprint(sample_ids: Sequence[str], labels: Sequence[int], parts: Sequence[str]) -> str:
    """SHA-256 (hex) of the sorted sample ids with their labels and parts."""
    digest = hashlib.sha256()
    for row in sorted(zip(sample_ids, labels, parts, strict=True)):
        digest.update(f"{row[0]!r} {int(row[1])} {row[2]}\n".encode())
    return digest.hexdigest()


def _drawn(dataset: Dataset, usable: np.ndarray, given: np.ndarray, config: SplitConfig) -> np.ndarray:
    """Which usable rows take part (bool): all, or a subset in which classes and given parts keep their shares."""
    if config.subset is None:
        return usable
    rows = np.flatnonzero(usable)
    kinds = pd.DataFrame({"label": dataset.table["label"].to_numpy(), "part": given}).iloc[rows]
    kind = kinds.groupby(["label", "part"], sort=True).ngroup().to_numpy()
    drawn = np.zeros_like(usable)
    drawn[rows] = draw_samples(PATCH.ids(dataset)[rows], kind, config.subset, config.seed)
    return drawn


def _divide(dataset: Dataset, parts: np.ndarray, unit: Unit, config: SplitConfig) -> list[str]:
    """Cut what is lacking from the rows of "train", in place; the parts that were cut by their share."""
    if config.folds is None:
        return _cut(dataset, parts, unit, {"valid": config.valid, "test": config.test}, config)
    if config.hold_out:
        cut = _cut(dataset, parts, unit, {"test": config.test}, config)
        parts[parts == "valid"] = "train"  # folds take the place of a published validation part
        _deal(dataset, parts, unit, "valid", config.folds, config)
        return cut
    _deal(dataset, parts, unit, "test", config.folds, config)
    # Of what the fold leaves, so that it is the wanted share of the whole.
    return _cut(dataset, parts, unit, {"valid": config.valid / (1 - 1 / config.folds)}, config)


def _cut(
    dataset: Dataset, parts: np.ndarray, unit: Unit, shares: Mapping[str, float], config: SplitConfig
) -> list[str]:
    lacking = {part: share for part, share in shares.items() if share and not (parts == part).any()}
    if lacking:
        rows = np.flatnonzero(parts == "train")
        parts[rows] = unit.cut(dataset, rows, lacking, config)
    return list(lacking)


def _deal(dataset: Dataset, parts: np.ndarray, unit: Unit, part: str, folds: int, config: SplitConfig) -> None:
    rows = np.flatnonzero(parts == "train")
    parts[rows[unit.deal(dataset, rows, folds, config) == config.fold]] = part
