"""Find a finished run's predictions of its own training set, without augmentation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from histo_core.config import PredictConfig
from histo_core.data.predictions import class_names
from histo_core.data.splits.partition import sample_rows
from histo_core.prediction.seen_samples import OWN_DIVISION
from histo_core.prediction.stored import PredictionSet, asked, list_predictions
from histo_core.program import PROGRAM
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace

TRAIN = "train"


def job_params(run: Run) -> dict[str, Any]:
    """Return the parameters of the job "predict" for these predictions, with the run's test-time augmentation."""
    how = PredictConfig(parts=(TRAIN,), tta=run.config.predict.tta, combine=run.config.predict.combine)
    return {"run_id": run.run_id, **asked(run.config.data, run.config.split, how, None)}


def command(run: Run) -> str:
    """Return the command line that makes these predictions."""
    how = run.config.predict
    views = "" if how.tta == "none" else f" --tta {how.tta} --combine {how.combine}"
    return f"{PROGRAM} predict {run.run_id} --split-set {TRAIN}{views}"


def kept_training_set(run: Run, workspace: Workspace) -> PredictionSet | None:
    """Return the latest predictions of the run's own training set with its own test-time augmentation, or None."""
    how = run.config.predict
    return next((one for one in list_predictions(workspace, run.run_id) if _fits(one, how)), None)


def learnt_from(table: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Return the rows of predictions that the run was trained on; for a run on a seeded subset, only that subset.

    Args:
        table: in the predictions format, with the whole training set.
        run: the run that made the predictions.
    """
    rows = table.loc[table["split"] == TRAIN]
    wanted = run.config.train.max_train_samples
    if wanted is None:
        return rows
    numbers = {name: index for index, name in enumerate(class_names(table))}
    labels = rows["y_true"].map(numbers).to_numpy(np.int64)
    return rows.loc[sample_rows(rows["sample_id"].to_numpy(), labels, wanted, run.config.seed)]


def _fits(found: PredictionSet, how: PredictConfig) -> bool:
    question = found.facts["asked"]
    views = question["predict"].get("tta"), question["predict"].get("combine")
    return (
        TRAIN in found.facts["parts"]
        and found.facts.get("division") == OWN_DIVISION
        and not question["classes"]
        and views == (how.tta, how.combine)
    )
