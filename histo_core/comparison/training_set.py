"""Read runs' predictions of their own training sets, for a comparison."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from histo_core.comparison.join import RunPredictions
from histo_core.errors import ComparisonError
from histo_core.prediction.training_set import TRAIN, command, kept_training_set, learnt_from
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace

LEARNT = (
    "These are patches that the models have learnt from: the figures say how well they fit them, and nothing about "
    "new patients."
)


def of_training_set(found: RunPredictions, run: Run, workspace: Workspace) -> RunPredictions | None:
    """Return a run's predictions of its training set, or None where there are none yet.

    Predictions of its validation set stay in the table, for thresholds that are chosen there.

    Args:
        found: from `histo_core.comparison.join.load`; they include the training set where the run was configured to
            predict it after training.
        run: the same run.
        workspace: the workspace that holds later predictions.

    Raises:
        CorruptDataError: the predictions are not those that were written.
    """
    table = found.table
    if TRAIN not in set(table["split"]):
        kept = kept_training_set(run, workspace)
        if kept is None:
            return None
        table = kept.table()
    validation = found.table.loc[found.table["split"] == "valid"]
    return replace(found, table=pd.concat([learnt_from(table, run), validation], ignore_index=True), learnt=True)


def need_training_set(found: RunPredictions, run: Run, workspace: Workspace) -> RunPredictions:
    """Return a run's predictions of its training set, or raise an error where there are none.

    Raises:
        ComparisonError: there are none; the error gives the command that makes them.
        CorruptDataError: as in `of_training_set`.
    """
    kept_set = of_training_set(found, run, workspace)
    if kept_set is None:
        raise ComparisonError(
            f"Run {found.name} has no predictions of its training set.",
            "They are made on request, because that may take long.",
            f"Make them with: {command(run)}",
        )
    return kept_set
