"""Load what a comparison can hold by its id: a run, its predictions on other data, or imported predictions."""

from __future__ import annotations

from histo_core.comparison.imported import get_import, is_import
from histo_core.comparison.join import load
from histo_core.comparison.other_data import on_other_data
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.prediction.stored import get_predictions, is_predictions
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace


def is_run(entry: str) -> bool:
    """Return whether an id is that of a run, known or not."""
    return not is_import(entry) and not is_predictions(entry)


def load_entry(entry: str, workspace: Workspace) -> RunPredictions:
    """Load a run, predictions on other data, or imported predictions by id.

    Raises:
        RunError, ComparisonError: there are none of this id, or the run has not succeeded.
        DataError: their table is missing, or is not the one that was written.
    """
    if is_import(entry):
        return get_import(entry, workspace).predictions()
    if is_predictions(entry):
        return on_other_data(get_predictions(entry, workspace), workspace)
    return load(Store.open(workspace).get(entry), workspace)
