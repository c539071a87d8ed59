"""Load what a comparison can hold by its id: a run, its predictions on other data, imported ones, or an ensemble."""

from __future__ import annotations

from collections.abc import Iterable

from histo_core.comparison.imported import get_import, is_import
from histo_core.comparison.join import load
from histo_core.comparison.kept_ensembles import get_ensemble, is_ensemble
from histo_core.comparison.other_data import on_other_data
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.prediction.stored import get_predictions, is_predictions
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace


def is_run(entry: str) -> bool:
    """Return whether an id is that of a run, known or not."""
    return not is_import(entry) and not is_predictions(entry) and not is_ensemble(entry)


def load_entry(entry: str, workspace: Workspace) -> RunPredictions:
    """Load a run, predictions on other data, imported predictions, or an ensemble by id.

    Raises:
        RunError, ComparisonError: there are none of this id, the run has not succeeded, or a member of the ensemble is
            gone.
        DataError: their table is missing, or is not the one that was written.
    """
    if is_import(entry):
        return get_import(entry, workspace).predictions()
    if is_predictions(entry):
        return on_other_data(get_predictions(entry, workspace), workspace)
    if is_ensemble(entry):
        return get_ensemble(entry, workspace).predictions(lambda member: load_entry(member, workspace))
    return load(Store.open(workspace).get(entry), workspace)


def runs_behind(entries: Iterable[RunPredictions]) -> list[str]:
    """Return the ids of the runs among entries and among the members of ensembles, each once."""
    ids = [name for one in entries for name in ((one.run_id,) if one.recipe is None else one.recipe.members)]
    return [name for name in dict.fromkeys(ids) if is_run(name)]
