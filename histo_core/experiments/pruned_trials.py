"""Read and write an experiment's list of pruned trials."""

from __future__ import annotations

from pathlib import Path

from histo_core.files import read_json, write_json
from histo_core.workspace import Workspace


def read_pruned(experiment_id: str, workspace: Workspace) -> frozenset[int]:
    """Return the positions of pruned trials; empty where the file is damaged."""
    try:
        return frozenset(read_json(_file(experiment_id, workspace)))
    except (FileNotFoundError, ValueError, TypeError):
        return frozenset()


def write_pruned(experiment_id: str, positions: frozenset[int], workspace: Workspace) -> None:
    """Save the positions of pruned trials, before the trials are asked to stop."""
    write_json(_file(experiment_id, workspace), sorted(positions))


def _file(experiment_id: str, workspace: Workspace) -> Path:
    return workspace.experiment_folder(experiment_id) / "pruned.json"
