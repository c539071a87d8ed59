"""Recalibrate the probabilities of a run on its validation set, and keep the result with the run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from histo_core.access import LOCAL, User, authorise
from histo_core.comparison.join import load
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.data.grouping import known_groups
from histo_core.errors import ComparisonError
from histo_core.prediction.kept_calibration import KeptCalibration, write_calibration
from histo_core.prediction.recalibration import (
    METHOD_NAMES,
    METHODS,
    CalibrationMethod,
    Recalibration,
    fit_recalibration,
)
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace


def recalibrate(run: RunPredictions, method: CalibrationMethod) -> RunPredictions:
    """Fit a recalibration on the run's validation set, and apply it to all of its predictions.

    On the validation set the result is too good, because it was fitted there.

    Args:
        run: predictions with a labelled validation set.
        method: how to recalibrate, as in `fit_recalibration`.

    Returns:
        An entry like a run's, whose id and name say how it was recalibrated.

    Raises:
        ComparisonError: as `fit_on_validation`.
    """
    fitted = fit_on_validation(run, method)
    columns = [f"prob_{name}" for name in run.classes]
    probabilities = fitted(run.table[columns].to_numpy(np.float64))
    called = np.array(run.classes, dtype=object)[probabilities.argmax(axis=1)]
    table = run.table.assign(y_pred=called, **dict(zip(columns, probabilities.T, strict=True)))
    return replace(run, run_id=f"{run.run_id}:{method}", name=f"{run.name}, {METHOD_NAMES[method]}", table=table)


def fit_on_validation(run: RunPredictions, method: CalibrationMethod) -> Recalibration:
    """Fit a recalibration on the labelled validation samples of a run.

    Raises:
        ComparisonError: an unknown method, no labelled validation sample of each class, a method for two classes used
            for more, or a fit that does not exist.
    """
    if method not in METHODS:
        raise ComparisonError(f"calibration = {method!r}.", f"Allowed: {', '.join(METHODS)}.", "Choose one of them.")
    rows = validation_rows(run)
    truth = np.array([run.classes.index(name) for name in rows["y_true"].to_numpy(dtype=object)], np.int64)
    if (known := len(np.unique(truth))) < len(run.classes):
        raise ComparisonError(
            f"{run.name} has labelled validation samples of {known} of {len(run.classes)} classes.",
            "Recalibration is fitted on the validation set, which needs each class.",
            "Choose a run with a validation set that holds all classes.",
        )
    return fit_recalibration(truth, rows[[f"prob_{name}" for name in run.classes]].to_numpy(np.float64), method)


def validation_rows(run: RunPredictions) -> pd.DataFrame:
    """Return a run's predictions of its labelled validation samples; empty where there are none."""
    table = run.table if run.validation is None else run.validation
    if "split" not in table:  # predictions that came as arrays
        return pd.DataFrame({"y_true": pd.Series(dtype="str")} | {f"prob_{name}": [] for name in run.classes})
    return table.loc[(table["split"] == "valid") & table["y_true"].notna()]


def keep_calibration(
    run_id: str, method: CalibrationMethod, workspace: Workspace, *, user: User = LOCAL
) -> KeptCalibration:
    """Fit a recalibration on a run's validation set and keep it with the run; it replaces a former one.

    Predict and Explain then show calibrated probabilities, until `remove_calibration`.

    Raises:
        PermissionDeniedError: the user may not change the run.
        RunError, ComparisonError: the run is unknown or has not succeeded, or as `fit_on_validation`.
    """
    authorise(user, "run.edit", run_id)
    run = Store.open(workspace).get(run_id)
    predictions = load(run, workspace)
    rows = validation_rows(predictions)
    groups, kind = known_groups(rows)
    return write_calibration(
        run,
        fit_on_validation(predictions, method),
        predictions.classes,
        workspace,
        samples=len(rows),
        groups=0 if groups is None else len(set(groups)),
        group_kind=kind or "",
    )
