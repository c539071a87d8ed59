"""Divide a data set into training, validation and test set."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from histo_core.config import SplitConfig
from histo_core.data.dataset import UNLABELLED, Dataset
from histo_core.data.splits.note import describe
from histo_core.data.splits.partition import sample_rows
from histo_core.data.splits.saved_split import load_split
from histo_core.data.splits.split import LEFT_OUT, Split, fingerprint
from histo_core.data.splits.units import PATCH, Unit, published_sets, takes_published, unit_of
from histo_core.errors import SplitError
from histo_core.workspace import Workspace


def make_split(dataset: Dataset, config: SplitConfig, workspace: Workspace | None = None) -> Split:
    """Divide a data set; the same data set and configuration give the same split, whatever the order of its rows.

    If a published split lacks a validation or test set, it is taken from the training set, by patient or slide where
    these are known. With folds and ``hold_out``, the published test set is held out and the rest is divided into folds.
    Without ``hold_out``, a published split has no folds, and "auto" uses patient, slide or random instead.

    Args:
        dataset: the data set to divide.
        config: the method and its settings.
        workspace: stores the saved splits; only the method "saved" needs it.

    Raises:
        SplitError: no labels, no such ids, no published split, for "auto" a published split that has no training set;
            too few groups for the sets or folds; or a saved split that does not exist or was made from other samples.

    Example:
        >>> from histo_core import RunConfig, make_split, open_dataset
        >>> config = RunConfig.parse({"data": {"dataset": "phantom", "options": {"patches": 80, "patients": 20}}})
        >>> dataset = open_dataset(config.data)
        >>> split = make_split(dataset, config.split)
        >>> split.method, [len(split.indices(split_set)) for split_set in ("train", "valid", "test")]
        ('patient', [48, 12, 20])
    """
    if config.method == "saved":
        return load_split(dataset, config, workspace)
    labels = dataset.table["label"].to_numpy()
    if (labels == UNLABELLED).all():
        raise SplitError(f"Data set {dataset.name!r} has no labels.", "Labelled samples are split.", "Add labels.")
    published, unit = takes_published(dataset, config), unit_of(dataset, config)
    usable = labels != UNLABELLED
    given = published_sets(dataset) if published else np.where(usable, "train", LEFT_OUT).astype(object)
    usable &= given != LEFT_OUT
    split_sets = np.where(_drawn(dataset, usable, given, config), given, LEFT_OUT)
    cut = _divide(dataset, split_sets, unit, config)
    return Split(
        split_sets=split_sets,
        method="published" if published else unit.method,
        fingerprint=fingerprint(dataset.table["sample_id"].tolist(), labels.tolist(), split_sets.tolist()),
        note=describe(dataset, split_sets, usable, unit, config, published=published, cut=cut),
        fold=config.fold if config.folds is not None else None,
    )


def _drawn(dataset: Dataset, usable: np.ndarray, given: np.ndarray, config: SplitConfig) -> np.ndarray:
    """Return which usable rows are used (bool): all, or a subset that keeps the shares of classes and given sets."""
    if config.subset is None:
        return usable
    rows = np.flatnonzero(usable)
    kinds = pd.DataFrame({"label": dataset.table["label"].to_numpy(), "split_set": given}).iloc[rows]
    kind = kinds.groupby(["label", "split_set"], sort=True).ngroup().to_numpy()
    drawn = np.zeros_like(usable)
    drawn[rows] = sample_rows(PATCH.ids(dataset)[rows], kind, config.subset, config.seed)
    return drawn


def _divide(dataset: Dataset, split_sets: np.ndarray, unit: Unit, config: SplitConfig) -> list[str]:
    """Take missing sets from the rows of "train", in place; return the sets that were drawn by their share."""
    if config.folds is None:
        return _cut(dataset, split_sets, unit, {"valid": config.valid, "test": config.test}, config)
    if config.hold_out:
        cut = _cut(dataset, split_sets, unit, {"test": config.test}, config)
        split_sets[split_sets == "valid"] = "train"  # folds replace a published validation set
        _assign_folds(dataset, split_sets, unit, "valid", config.folds, config)
        return cut
    _assign_folds(dataset, split_sets, unit, "test", config.folds, config)
    # Relative to what the fold leaves, so that it is the configured share of the whole.
    return _cut(dataset, split_sets, unit, {"valid": config.valid / (1 - 1 / config.folds)}, config)


def _cut(
    dataset: Dataset, split_sets: np.ndarray, unit: Unit, shares: Mapping[str, float], config: SplitConfig
) -> list[str]:
    lacking = {split_set: share for split_set, share in shares.items() if share and not (split_sets == split_set).any()}
    if lacking:
        rows = np.flatnonzero(split_sets == "train")
        split_sets[rows] = unit.cut(dataset, rows, lacking, config)
    return list(lacking)


def _assign_folds(
    dataset: Dataset, split_sets: np.ndarray, unit: Unit, split_set: str, folds: int, config: SplitConfig
) -> None:
    rows = np.flatnonzero(split_sets == "train")
    split_sets[rows[unit.assign_folds(dataset, rows, folds, config) == config.fold]] = split_set
