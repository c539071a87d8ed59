"""Put together the predictions of all folds of an experiment: each sample's are from the fold that held it out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pandas as pd

from histo_core.comparison.join import load
from histo_core.comparison.label_errors import OutOfFold
from histo_core.errors import HistoscopeError
from histo_core.experiments.api import experiments, runs_of
from histo_core.experiments.records import Experiment
from histo_core.runs.store.records import RunStatus
from histo_core.workspace import Workspace


def out_of_fold(run_ids: Sequence[str], workspace: Workspace) -> OutOfFold | None:
    """Return the out-of-fold predictions of the experiment that has some runs as its folds.

    Args:
        run_ids: ids of what is compared; all of them must be folds of one experiment.
        workspace: holds the experiments.

    Returns:
        None where there is no such experiment, or not all of its folds have succeeded.
    """
    for experiment in experiments(workspace, archived=True):
        members = {one.run_id for one in experiment.members}
        if experiment.protocol.kind == "folds" and experiment.protocol.repeats == 1 and members.issuperset(run_ids):
            with suppress(HistoscopeError):  # a fold whose files are gone: no answer, and the page says what is needed
                return _pooled(experiment, workspace)
    return None


def _pooled(experiment: Experiment, workspace: Workspace) -> OutOfFold | None:
    runs = runs_of(experiment, workspace)
    folds = [runs[one.run_id] for one in experiment.members if one.run_id in runs]
    if len(folds) < experiment.protocol.size or any(run.status is not RunStatus.SUCCEEDED for run in folds):
        return None
    # Where a test set is held out of all folds, a fold is the validation set.
    split_set = "valid" if experiment.keeps_test_back else "test"
    found = [load(run, workspace) for run in folds]
    classes = found[0].classes
    table = pd.concat([_labelled(one.table, split_set) for one in found], ignore_index=True)
    if table["sample_id"].duplicated().any() or any(set(one.classes) != set(classes) for one in found):
        return None
    numbers = {name: place for place, name in enumerate(classes)}
    return OutOfFold(
        name=experiment.name or experiment.experiment_id,
        sample_ids=table["sample_id"].to_numpy(dtype=object),
        y_true=np.array([numbers[name] for name in table["y_true"]], np.int64),
        probabilities=table[[f"prob_{name}" for name in classes]].to_numpy(np.float64),
        classes=classes,
    )


def _labelled(table: pd.DataFrame, split_set: str) -> pd.DataFrame:
    return table.loc[(table["split"] == split_set) & table["y_true"].notna()]
