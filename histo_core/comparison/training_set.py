"""Runs compared on their own training sets."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from histo_core.comparison.join import RunPredictions
from histo_core.errors import ComparisonError
from histo_core.prediction.training_set import PART, command, kept_training_part, learnt_from
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace

LEARNT = (
    "These are patches that the models have learnt from: the figures say how well they fit them, and nothing about "
    "new patients."
)


def of_training_part(found: RunPredictions, run: Run, workspace: Workspace) -> RunPredictions | None:
    """A run's predictions of the patches that it was trained on; None where nobody asked it for them yet.

    Those of its validation set stay beside them, for thresholds that are chosen there.

    Args:
        found: as `histo_core.comparison.join.load` gives them; they hold the training set where the run was asked to
            predict it when it had been trained.
        run: the same run.
        workspace: where later predictions lie.

    Raises:
        CorruptDataError: the predictions are not those that were written.
    """
    table = found.table
    if PART not in set(table["split"]):
        kept = kept_training_part(run, workspace)
        if kept is None:
            return None
        table = kept.table()
    validation = found.table.loc[found.table["split"] == "valid"]
    return replace(found, table=pd.concat([learnt_from(table, run), validation], ignore_index=True), learnt=True)


def need_training_part(found: RunPredictions, run: Run, workspace: Workspace) -> RunPredictions:
    """The same, where there is nobody to ask.

    Raises:
        ComparisonError: there are none, with the command that makes them.
        CorruptDataError: as `of_training_part`.
    """
    part = of_training_part(found, run, workspace)
    if part is None:
        raise ComparisonError(
            f"Run {found.name} has no predictions of its training set.",
            "They are made on request, because that may take long.",
            f"Make them with: {command(run)}",
        )
    return part
