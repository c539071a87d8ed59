"""What lies in a run's folder, for people: programs read the row and the manifest."""

from __future__ import annotations

from histo_core.files import write_atomically
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace


def write_config(run: Run, workspace: Workspace) -> None:
    """Write a run's configuration into its folder, once."""
    file = workspace.run_folder(run.run_id) / "config.yaml"
    if not file.exists():
        write_atomically(file, run.config.to_yaml().encode())
