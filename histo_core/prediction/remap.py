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
from histo_core.prediction.stored import same_but_classes
from histo_core.workspace import Workspace

_OF_LABELS = ("classes", "test_part")
"""Checks that depend on the mapping, or on when they are made."""


@dataclass(frozen=True, eq=False)
class PredictedBefore:
    """Values of earlier predictions of the same patches that no label changes."""

    predicted: Predicted
    checks: tuple[Check, ...]


def predicted_before(
    settings: Mapping[str, Any], sample_ids: np.ndarray, workspace: Workspace
) -> PredictedBefore | None:
    """Read what `same_but_classes` finds; None where there is nothing, or it cannot be read.

    Args:
        settings: as `histo_core.prediction.stored.same_but_classes`, with the weights, the data's state and the split.
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
