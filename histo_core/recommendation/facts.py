"""Collect what is known of a data set and its split, as far as a recommendation needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from histo_core.auditing.domain_shift import StainProfile, stain_profile
from histo_core.config import Channels, RunConfig
from histo_core.data.dataset import SPLIT_SETS, Dataset
from histo_core.data.grouping import GroupKind, known_groups
from histo_core.data.integrity import Size, image_sizes
from histo_core.data.splits.partition import sample_rows
from histo_core.data.splits.split import Split
from histo_core.data.transforms.channel_stats import channel_statistics
from histo_core.progress import Progress, silent
from histo_core.training.data_order import training_rows
from histo_core.workspace import Workspace

MEASURED = 500
"""Training patches whose pixels give mean and SD; more change the third digit."""
_MAGNIFICATION = "magnification"


@dataclass(frozen=True)
class DataFacts:
    """Facts of a data set.

    Attributes:
        classes: names, in the order of the labels.
        patches: set ("train", "valid", "test") to the number of patches of each class.
        sizes: (height, width) in pixels to the number of images, the most frequent first.
        mean, std: of each channel over training patches, in [0, 1].
        groups: what ``grouped`` counts: patients, else slides; None where neither is known.
        grouped: set to the number of patients (or slides) that have patches of each class.
        magnifications: those that the data set mixes; empty where it has one, or none is known.
        microns: of a pixel as read; None where the source does not say.
        stain: of some training patches; None where too few of them are stained.
    """

    classes: tuple[str, ...]
    patches: Mapping[str, tuple[int, ...]]
    sizes: Mapping[Size, int]
    mean: Channels
    std: Channels
    groups: GroupKind | None = None
    grouped: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    magnifications: tuple[str, ...] = ()
    microns: float | None = None
    stain: StainProfile | None = None

    @property
    def commonest(self) -> Size:
        """The most frequent size."""
        return next(iter(self.sizes))

    def total(self, split_set: str) -> int:
        """Return the number of patches of a set."""
        return sum(self.patches[split_set])

    @property
    def rarest_share(self) -> float:
        """The smallest share of a class in the training set, in [0, 1]."""
        return min(self.patches["train"]) / max(self.total("train"), 1)


def known_facts(
    config: RunConfig, dataset: Dataset, split: Split, workspace: Workspace, progress: Progress = silent
) -> DataFacts:
    """Collect the facts of a data set: sizes of all images, counts of the sets, colours of some training patches.

    Image files are decoded once; the result is kept with the data set's check.

    Args:
        config: says how many training patches are used.
        dataset: opened from ``config.data``.
        split: made from ``config.split``.
        workspace: keeps the check of the files.
        progress: receives the number of images whose size was read.

    Raises:
        SplitError: the training set is empty or has unlabelled samples.
        DataError: a patch cannot be read.
        CancelledError: ``progress`` requested it.
    """
    train = training_rows(config, dataset, split)
    rows = {"train": train, "valid": split.indices("valid"), "test": split.indices("test")}
    labels = dataset.table["label"].to_numpy(np.int64)
    ids, kind = known_groups(dataset.table)
    measured = sample_rows(dataset.table["sample_id"].to_numpy()[train], labels[train], min(MEASURED, len(train)), 0)
    colours = channel_statistics(dataset, train[measured])
    return DataFacts(
        classes=dataset.classes,
        patches={split_set: _counts(labels[rows[split_set]], len(dataset.classes)) for split_set in SPLIT_SETS},
        sizes=image_sizes(dataset, workspace, progress),
        mean=colours.mean,
        std=colours.std,
        groups=kind,
        grouped={}
        if ids is None
        else {split_set: _grouped(ids, labels, rows[split_set], dataset) for split_set in SPLIT_SETS},
        magnifications=_magnifications(dataset),
        microns=dataset.microns_per_pixel,
        stain=stain_profile(dataset, train),
    )


def _counts(labels: np.ndarray, n_classes: int) -> tuple[int, ...]:
    return tuple(np.bincount(labels[labels >= 0], minlength=n_classes).tolist())


def _grouped(ids: np.ndarray, labels: np.ndarray, rows: np.ndarray, dataset: Dataset) -> tuple[int, ...]:
    return tuple(len(set(ids[rows][labels[rows] == label])) for label in range(len(dataset.classes)))


def _magnifications(dataset: Dataset) -> tuple[str, ...]:
    if _MAGNIFICATION not in dataset.table:
        return ()
    found = sorted(dataset.table[_MAGNIFICATION].dropna().unique().tolist())
    return tuple(map(str, found)) if len(found) > 1 else ()
