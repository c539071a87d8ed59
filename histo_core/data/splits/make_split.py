"""Divide a data set into training, validation and test."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from histo_core.config import SplitConfig
from histo_core.data.dataset import UNLABELLED, Dataset
from histo_core.data.splits.note import describe
from histo_core.data.splits.partition import draw_samples
from histo_core.data.splits.saved_split import load_split
from histo_core.data.splits.split import LEFT_OUT, Split, fingerprint
from histo_core.data.splits.units import PATCH, Unit, published_parts, takes_published, unit_of
from histo_core.errors import SplitError
from histo_core.workspace import Workspace


def make_split(dataset: Dataset, config: SplitConfig, workspace: Workspace | None = None) -> Split:
    """Divide a data set; the same data set and configuration give the same split, whatever the order of its rows.

    A published split that lacks a validation or test set gets it cut from its training set, by patient or slide
    where these are known. With folds and a part held out, the published test set is the one held out and the rest
    is dealt into folds; without, a published split has no folds, and "auto" goes on to patient, slide or random.

    Args:
        dataset: what to divide.
        config: how.
        workspace: where saved splits lie; only the method "saved" needs it.

    Raises:
        SplitError: no labels, no such ids, no published split, or for "auto" one without a training set; too few
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
        parts[parts == "valid"] = "train"  # folds take the place of a published validation set
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
