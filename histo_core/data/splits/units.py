"""Units that a split keeps together: patients, slides, groups of a column, or single patches.

A patch without an id stays with its slide if that is known, else alone. So a missing id does not divide known patients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.config import SplitConfig
from histo_core.data.dataset import SPLIT_SETS, UNLABELLED, Dataset
from histo_core.data.grouping import with_stand_ins
from histo_core.data.splits.folds import assign_groups, assign_samples
from histo_core.data.splits.partition import partition_groups, partition_samples
from histo_core.errors import SplitError


@dataclass(frozen=True)
class Unit:
    """A kind of group that is never divided. ``column`` has its ids; None for single patches."""

    method: str
    column: str | None

    @property
    def noun(self) -> str:
        """The unit in words, in the singular."""
        return self.method if self.column is not None else "patch"

    def known(self, dataset: Dataset) -> bool:
        """Return whether labelled samples have ids: at least some for patients and slides, all for a chosen column."""
        given = self._given(dataset).notna().to_numpy()[dataset.table["label"].to_numpy() != UNLABELLED]
        return bool(given.all() if self.method == "group" else given.any())

    def lacking(self, dataset: Dataset) -> np.ndarray:
        """Return which rows have no id, bool [n]."""
        return self._given(dataset).isna().to_numpy()

    def ids(self, dataset: Dataset) -> np.ndarray:
        """Return each row's group, object array: its id, or a stand-in where it is missing."""
        column = self.column or "sample_id"
        return with_stand_ins(
            dataset.table if column in dataset.table else dataset.table.assign(**{column: None}), column
        )

    def count(self, dataset: Dataset, rows: np.ndarray) -> int:
        """Count the distinct ids in some rows (bool)."""
        return pd.Series(self._given(dataset).to_numpy()[rows]).nunique()

    def count_shared(self, dataset: Dataset, split_sets: np.ndarray) -> tuple[int, int]:
        """Return how many units are in more than one set, and how many there are; ``split_sets`` as in `Split`."""
        inside = split_sets != ""
        spread = pd.Series(split_sets[inside]).groupby(self._given(dataset).to_numpy()[inside]).nunique().to_numpy()
        return int((spread > 1).sum()), len(spread)

    def _given(self, dataset: Dataset) -> pd.Series:
        """Return the ids of the table, object; all missing where it has no such column."""
        column = self.column or "sample_id"
        none = np.full(len(dataset), None)
        return pd.Series(dataset.table[column].to_numpy(dtype=object) if column in dataset.table else none)

    def cut(self, dataset: Dataset, rows: np.ndarray, shares: Mapping[str, float], config: SplitConfig) -> np.ndarray:
        """Divide some rows into sets; see `partition_groups` and `partition_samples`."""
        ids, labels = self.ids(dataset)[rows], _classes(dataset, rows, config)
        if self.column is None:
            return partition_samples(ids, labels, shares, config.seed)
        return partition_groups(ids, labels, shares, config.seed, kind=self.noun)

    def assign_folds(self, dataset: Dataset, rows: np.ndarray, folds: int, config: SplitConfig) -> np.ndarray:
        """Divide some rows into folds; see `assign_groups` and `assign_samples`."""
        ids, labels = self.ids(dataset)[rows], _classes(dataset, rows, config)
        if self.column is None:
            return assign_samples(ids, labels, folds, config.seed)
        return assign_groups(ids, labels, folds, config.seed, kind=self.noun)


PATIENT, SLIDE, PATCH = Unit("patient", "patient_id"), Unit("slide", "slide_id"), Unit("random", None)
"""What a split keeps together; the method "random" divides single patches."""


def has_published(dataset: Dataset) -> bool:
    """Return whether the source has a training set."""
    return "split" in dataset.table and bool((dataset.table["split"] == "train").any())


def published_sets(dataset: Dataset) -> np.ndarray:
    """Return the source's set for each row, object array; "" for a row without a set or a label."""
    given = dataset.table["split"].to_numpy(dtype=object)
    labelled = dataset.table["label"].to_numpy() != UNLABELLED
    return np.where(labelled & np.isin(given, SPLIT_SETS), given, "")


def takes_published(dataset: Dataset, config: SplitConfig) -> bool:
    """Return whether to use the published split.

    Raises:
        SplitError: the configuration requires a published split and there is none, or wants folds of all of it; or
            "auto" would train on a published validation or test set.
    """
    if config.method not in {"auto", "published"}:
        return False
    dealt = config.folds is not None and not config.hold_out
    if config.method == "published" and dealt:
        raise SplitError(
            "A published split has no folds of its own.",
            "With hold_out its test set is held out and the rest is divided into folds.",
            "Set hold_out, or split by patient, slide or at random.",
        )
    offered = has_published(dataset)
    if config.method == "published" and not offered:
        raise _not_offered(dataset, "published training set")
    here = [
        split_set
        for split_set in SPLIT_SETS
        if "split" in dataset.table and bool((dataset.table["split"] == split_set).any())
    ]
    if here and not offered:
        raise SplitError(
            f"Data set {dataset.name!r} holds the published {' and '.join(here)} set, and no train set.",
            "What was published for validation or test is trained on only when you say so.",
            f"Add the training set, or choose how to split: {', '.join(_ways(dataset))}.",
        )
    return offered and not dealt


def unit_of(dataset: Dataset, config: SplitConfig) -> Unit:
    """Return the unit that stays together; for "auto" and "published" the best known one.

    Raises:
        SplitError: no labelled sample has an id of the configured kind.
    """
    if config.method in {"auto", "published"}:
        return next(unit for unit in (PATIENT, SLIDE, PATCH) if unit.known(dataset))
    if config.method == "group":
        return _group(dataset, str(config.group))
    unit = next(unit for unit in (PATIENT, SLIDE, PATCH) if unit.method == config.method)
    if not unit.known(dataset):
        raise _not_offered(dataset, f"{unit.noun} ids")
    return unit


def _group(dataset: Dataset, column: str) -> Unit:
    unit = Unit("group", column)
    if not unit.known(dataset):
        columns = [name for name in dataset.table if Unit("group", str(name)).known(dataset)]
        raise SplitError(
            f"Data set {dataset.name!r} has no column {column!r} with a value for each labelled patch.",
            f"Columns with one: {', '.join(map(str, columns))}.",
            "Choose one of these.",
        )
    return unit


def _not_offered(dataset: Dataset, lacking: str) -> SplitError:
    offered = [*(["published"] if has_published(dataset) else []), *_ways(dataset)]
    return SplitError(
        f"Data set {dataset.name!r} has no {lacking}.", f"It can be split by: {', '.join(offered)}.", "Choose one."
    )


def _ways(dataset: Dataset) -> list[str]:
    """Return the methods that need no further setting, the best first."""
    return [unit.method for unit in (PATIENT, SLIDE, PATCH) if unit.known(dataset)]


def _classes(dataset: Dataset, rows: np.ndarray, config: SplitConfig) -> np.ndarray:
    """Return the labels of some rows; all the same where class shares are not to be kept."""
    labels = dataset.table["label"].to_numpy()[rows]
    return labels if config.stratify else np.zeros_like(labels)
