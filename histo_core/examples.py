"""Small runs of seconds, for the examples in docstrings and for first tries."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from histo_core.config import RunConfig
from histo_core.runs.api import launch
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace

SMALL = RunConfig.parse({
    "data": {"dataset": "phantom", "options": {"patches": 80, "patients": 20}},
    "model": {"name": "cnn_narrow"}, "preprocess": {"crop": 32},
    "train": {"epochs": 1, "device": "cpu"},
})  # fmt: skip
"""One epoch of a small network on 80 patches of phantom tissue."""


@contextmanager
def finished_run(config: RunConfig = SMALL) -> Generator[tuple[Run, Workspace]]:
    """Train a run in this process, in a workspace that is removed at the end of the ``with`` block.

    Example:
        >>> from histo_core.examples import finished_run
        >>> with finished_run() as (run, workspace):
        ...     str(run.status), (workspace.run_folder(run.run_id) / "config.yaml").is_file()
        ('succeeded', True)
    """
    with TemporaryDirectory() as home:
        workspace = Workspace(Path(home))
        run = launch(config, workspace, start_supervisor=False)
        work(run.run_id, workspace)
        yield Store.open(workspace).get(run.run_id), workspace
