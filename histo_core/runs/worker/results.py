"""Score a run's predictions once, when it ends, so that lists of runs need not open its folder."""

from __future__ import annotations

import logging
import math
from pathlib import Path

import numpy as np
import pandas as pd

from histo_core.data.grouping import known_groups
from histo_core.data.predictions import class_names, read_predictions
from histo_core.evaluation.intervals import Interval
from histo_core.evaluation.pooled_predictions import pooled_intervals
from histo_core.files import read_json
from histo_core.runs.store.records import Estimate, RunResults, SetResults

LOG = logging.getLogger(__name__)


def run_results(folder: Path) -> RunResults | None:
    """Score the predictions in a complete run's folder; None, with a line in the log, where that is not possible.

    Args:
        folder: with ``predictions.parquet`` and ``manifest.json``.
    """
    try:
        table = read_predictions(folder / "predictions.parquet")
        positive = class_names(table).index(read_json(folder / "manifest.json")["positive"])
        return RunResults(valid=_scored(table, "valid", positive), test=_scored(table, "test", positive))
    except Exception:  # the training is worth more than the numbers in a list, which every page can compute again
        LOG.exception("%s: its predictions cannot be scored", folder.name)
        return None


def _scored(table: pd.DataFrame, name: str, positive: int) -> SetResults | None:
    """Score the labelled samples of a set; None where there are none."""
    rows = table.loc[(table["split"] == name) & table["y_true"].notna()]
    if rows.empty:
        return None
    classes = class_names(table)
    y_true = rows["y_true"].map({label: number for number, label in enumerate(classes)}).to_numpy(np.int64)
    probabilities = rows[[f"prob_{label}" for label in classes]].to_numpy(np.float64)
    groups, _ = known_groups(rows)
    found = pooled_intervals(y_true, probabilities, positive, groups)
    return SetResults(
        n=len(rows),
        groups=None if groups is None else len(set(groups)),
        auroc=_estimate(found["auroc"]) if found["auroc"].defined else None,
        accuracy=_estimate(found["accuracy"]),
        loss=_estimate(found["loss"]),
    )


def _estimate(interval: Interval) -> Estimate:
    low, high = (limit if math.isfinite(limit) else None for limit in (interval.low, interval.high))
    return Estimate(interval.value, low, high)
