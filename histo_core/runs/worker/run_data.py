"""The data that a run was launched with."""

from __future__ import annotations

from histo_core.config import RunConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.split import Split
from histo_core.errors import CorruptDataError
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace


def open_data(config: RunConfig, workspace: Workspace) -> tuple[Dataset, Split, Workspace]:
    """A run's data set, its split, and a workspace from which what the launch allowed may be read, too.

    Raises:
        HistoscopeError: the data cannot be opened or split.
    """
    workspace = workspace.allowing(config)
    dataset = open_dataset(config.data, workspace)
    return dataset, make_split(dataset, config.split, workspace), workspace


def check_unchanged(run: Run, dataset: Dataset, split: Split) -> None:
    """See to it that a run's data and split are those that it was launched with.

    Raises:
        CorruptDataError: they are not.
    """
    if dataset.content_hash != run.data_hash or split.fingerprint != run.split_fingerprint:
        raise CorruptDataError(
            f"The data set {dataset.name!r} has changed since this run was launched.",
            "The same images, labels and split are expected.",
            "Put the data back as they were, or launch a new run.",
        )
