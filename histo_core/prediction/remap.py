"""Find predictions of the same patches under another class mapping, so that nothing is predicted twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from histo_core.data.predictions import class_names
from histo_core.errors import HistoscopeError
from histo_core.models.inference.predictor import Predicted
from histo_core.prediction.preflight import Check
from histo_core.prediction.stored import PredictionSet, list_predictions
from histo_core.workspace import Workspace

_OF_LABELS = ("classes", "test_part")
"""Checks that depend on the mapping, or on when they are made."""


@dataclass(frozen=True, eq=False)
class PredictedBefore:
    """What earlier predictions of the same patches hold that no label changes."""

    predicted: Predicted
    checks: tuple[Check, ...]


def same_but_classes(
    settings: Mapping[str, Any], workspace: Workspace, *, state: str | None = None
) -> PredictionSet | None:
    """Return a run's latest predictions that differ from a request in the class mapping at most; None without any.

    Args:
        settings: facts of predictions, at least ``run_id`` and ``asked``; all but the mapping must agree.
        workspace: holds the predictions.
        state: as `histo_core.prediction.stored.find_predictions`.
    """
    wanted = _without_classes(settings)
    for one in list_predictions(workspace, str(settings["run_id"])):
        facts = _without_classes(one.facts)
        if state in (None, one.facts.get("state")) and all(facts.get(name) == wanted[name] for name in wanted):
            return one
    return None


def predicted_before(
    settings: Mapping[str, Any], sample_ids: np.ndarray, workspace: Workspace
) -> PredictedBefore | None:
    """Read the probabilities of `same_but_classes`; None where there are none, or they cannot be read.

    Args:
        settings: as `same_but_classes`, with the weights, the data's state and the split.
        sample_ids: str [n], the patches in the order of the rows that are predicted.
        workspace: holds the predictions.
    """
    found = same_but_classes(settings, workspace)
    if found is None:
        return None
    try:
        table = found.table()
    except HistoscopeError:  # damaged: it is predicted again
        return None
    if table["sample_id"].tolist() != sample_ids.tolist():
        return None
    names = class_names(table)
    scores = [f"score_{name}" for name in names]
    predicted = Predicted(
        table[[f"prob_{name}" for name in names]].to_numpy(np.float64),
        table[scores].to_numpy(np.float64) if set(scores) <= set(table) else None,
    )
    checks = (Check(**check) for check in found.facts["checks"])
    return PredictedBefore(predicted, tuple(check for check in checks if check.name not in _OF_LABELS))


def _without_classes(settings: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: settings[name] for name in ("run_id", "weights", "state", "split", "parts") if name in settings}
    return plain | {"asked": {name: value for name, value in settings["asked"].items() if name != "classes"}}
