"""Opening a data set while somebody watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from histo_core.cli.output import watched
from histo_core.config import DataConfig
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from histo_core.data.dataset import Dataset


def opened(config: DataConfig, workspace: Workspace) -> Dataset:
    """Open a data set, with a bar while it is unpacked, drawn, or looked through for broken files.

    Raises:
        HistoscopeError: as `histo_core.data.opening.open_dataset`.
    """
    from histo_core.data.opening import open_dataset

    with watched("opening") as progress:
        return open_dataset(config, workspace, progress)
