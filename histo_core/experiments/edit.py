"""What people do to experiments that have been started: name them, put them away, delete them. No run is touched."""

from __future__ import annotations

import shutil

from histo_core.access import LOCAL, User, authorise
from histo_core.errors import RunError
from histo_core.experiments.records import Experiment
from histo_core.experiments.table import ExperimentTable
from histo_core.runs.store.edit import checked_name
from histo_core.workspace import Workspace, is_plain_id


def rename_experiment(experiment_id: str, name: str, workspace: Workspace, *, user: User = LOCAL) -> Experiment:
    """Show an experiment under another name; its runs keep theirs.

    Raises:
        PermissionDeniedError: the user may not change experiments.
        ConfigError: the name is empty, longer than 200 characters or of several lines.
        RunError: there is no such experiment.
    """
    authorise(user, "run.edit", experiment_id)
    table = ExperimentTable(workspace)
    table.rename(experiment_id, checked_name(name))
    return table.get(experiment_id)


def archive_experiment(experiment_id: str, workspace: Workspace, on: bool = True, *, user: User = LOCAL) -> Experiment:
    """Put an experiment away, so that lists leave it out and its runs may be deleted, or bring it back.

    Raises:
        PermissionDeniedError: the user may not change experiments.
        RunError: there is no such experiment.
    """
    authorise(user, "run.edit", experiment_id)
    table = ExperimentTable(workspace)
    table.archive(experiment_id, on=on)
    return table.get(experiment_id)


def delete_experiment(experiment_id: str, workspace: Workspace, *, user: User = LOCAL) -> None:
    """Forget an experiment, readable or not, and the score of its test part.

    Its runs stay, and that the test part was scored is kept.

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
    if is_plain_id(experiment_id):  # a row of elsewhere may name a folder outside the workspace
        shutil.rmtree(workspace.experiment_folder(experiment_id), ignore_errors=True)
