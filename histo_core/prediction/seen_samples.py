"""Find out whether some data are a run's training data, and which of their patches it has seen."""

from __future__ import annotations

import numpy as np

from histo_core.config import SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.split import Split
from histo_core.errors import HistoscopeError
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace

OWN_DIVISION = "the run's own split"
"""The label of predictions whose data and split are the run's own."""
SEEN = ("train", "valid")
"""The sets that a run is trained on or chosen by."""


def own_split(run: Run, dataset: Dataset, workspace: Workspace) -> Split | None:
    """Return the run's split of these data; None where they are not its own data.

    Ids, labels and sets are compared first, which is fast. Only where all of them agree, the data may have to be read
    once for their content hash.

    Args:
        run: any run.
        dataset: the data set whose rows the split refers to.
        workspace: holds the saved splits.
    """
    try:
        split = make_split(dataset, run.config.split, workspace)
        own = split.fingerprint == run.split_fingerprint and dataset.content_hash == run.data_hash
    except HistoscopeError:  # data that cannot be split in this way
        return None
    return split if own else None


def count_seen(own: Split, rows: np.ndarray) -> int:
    """Count the rows (int64 [n]) that are in the run's own training or validation set."""
    return int(np.isin(own.split_sets[rows], SEEN).sum())


def division_in_words(split: Split, config: SplitConfig | None, own: Split | None) -> str:
    """Describe the split that names the sets, for the label of a row of figures; empty where there is no split."""
    if config is None:
        return ""
    if own is not None and own.fingerprint == split.fingerprint:
        return OWN_DIVISION
    drawn = "" if split.method in {"published", "saved"} else f", seed {config.seed}"
    return f"split by {split.method}{drawn}" if drawn else f"{split.method} split"
