"""Whether some data are those that a run was trained on, and which of their patches it has seen."""

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
"""What predictions are called whose data and division are the run's."""
SEEN = ("train", "valid")
"""Parts that a run learnt or was chosen from."""


def own_split(run: Run, dataset: Dataset, workspace: Workspace) -> Split | None:
    """How the run divided these data; None where they are not its own.

    Ids, labels and parts are compared first, which costs nothing; only where they all agree may the data have to be
    read once, for their content hash.

    Args:
        run: any run.
        dataset: of which the rows are meant.
        workspace: where saved splits lie.
    """
    try:
        split = make_split(dataset, run.config.split, workspace)
        own = split.fingerprint == run.split_fingerprint and dataset.content_hash == run.data_hash
    except HistoscopeError:  # data that cannot be divided like that
        return None
    return split if own else None


def count_seen(own: Split, rows: np.ndarray) -> int:
    """How many of some rows (int64 [n]) stand in the run's own training or validation set."""
    return int(np.isin(own.parts[rows], SEEN).sum())


def division_in_words(split: Split, config: SplitConfig | None, own: Split | None) -> str:
    """By what parts were named, for the label of a row of figures; empty where nothing was divided."""
    if config is None:
        return ""
    if own is not None and own.fingerprint == split.fingerprint:
        return OWN_DIVISION
    drawn = "" if split.method in {"published", "saved"} else f", seed {config.seed}"
    return f"split by {split.method}{drawn}" if drawn else f"{split.method} split"
