"""Rename, archive and delete experiments. Their runs are not changed."""

from __future__ import annotations

import shutil

from histo_core.access import LOCAL, User, authorise
from histo_core.errors import RunError
from histo_core.experiments.records import Experiment
from histo_core.experiments.table import ExperimentTable
from histo_core.runs.store.edit import checked_name
from histo_core.workspace import Workspace, is_plain_id


def rename_experiment(experiment_id: str, name: str, workspace: Workspace, *, user: User = LOCAL) -> Experiment:
    """Rename an experiment; its runs keep their names.

    Raises:
        PermissionDeniedError: the user may not change experiments.
        ConfigError: the name is empty, longer than 200 characters, or has several lines.
        RunError: there is no such experiment.
    """
    authorise(user, "run.edit", experiment_id)
    table = ExperimentTable(workspace)
    table.rename(experiment_id, checked_name(name))
    return table.get(experiment_id)


def archive_experiment(experiment_id: str, workspace: Workspace, on: bool = True, *, user: User = LOCAL) -> Experiment:
    """Archive an experiment, so that lists leave it out and its runs may be deleted, or restore it.

    Raises:
        PermissionDeniedError: the user may not change experiments.
        RunError: there is no such experiment.
    """
    authorise(user, "run.edit", experiment_id)
    table = ExperimentTable(workspace)
    table.archive(experiment_id, on=on)
    return table.get(experiment_id)


def delete_experiment(experiment_id: str, workspace: Workspace, *, user: User = LOCAL) -> None:
    """Delete an experiment, readable or not, and the score of its test set.

    Its runs stay. The record that the test set was scored stays too.

    Raises:
        PermissionDeniedError: the user may not delete experiments.
        RunError: there is no such experiment, or its runs are active.
    """
    authorise(user, "run.delete", experiment_id)
    table = ExperimentTable(workspace)
    table.check_known(experiment_id)
    if not table.delete(experiment_id):
        raise RunError(
            f"Runs of experiment {experiment_id} wait or train.",
            "An experiment whose runs have all ended can be deleted.",
            "Cancel it (or its runs, where it cannot be read), or wait for its end.",
        )
    if is_plain_id(experiment_id):  # a row from another machine may name a folder outside the workspace
        shutil.rmtree(workspace.experiment_folder(experiment_id), ignore_errors=True)
