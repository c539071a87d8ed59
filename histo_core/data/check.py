"""Which files of a data set cannot be used."""

from __future__ import annotations

from histo_core.data.base import Dataset
from histo_core.workspace import Workspace


def without_broken(dataset: Dataset, workspace: Workspace) -> Dataset:
    """The data set without the samples whose pixels cannot be read."""
    raise NotImplementedError
