"""Load what a comparison can hold by its id: a run, its predictions on other data, imported ones, or an ensemble."""

from __future__ import annotations

from collections.abc import Iterable

from histo_core.comparison.imported import get_import, is_import
from histo_core.comparison.join import load
from histo_core.comparison.kept_ensembles import get_ensemble, is_ensemble
from histo_core.comparison.other_data import name_of, on_other_data
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.errors import HistoscopeError
from histo_core.prediction.stored import get_predictions, is_predictions
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace


def is_run(entry: str) -> bool:
    """Return whether an id is that of a run, known or not."""
    return not is_import(entry) and not is_predictions(entry) and not is_ensemble(entry)


def is_other(entry: str) -> bool:
    """Return whether an id is that of predictions or of an ensemble, and not of a run."""
    return not is_run(entry)


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


def entry_name(entry: str, workspace: Workspace) -> str:
    """Return the name of a run, of predictions or of an ensemble; of one that is gone its id, marked so."""
    try:
        if is_import(entry):
            return get_import(entry, workspace).name
        if is_predictions(entry):
            return name_of(get_predictions(entry, workspace))
        if is_ensemble(entry):
            return get_ensemble(entry, workspace).name
        return Store.open(workspace).get(entry).name or entry
    except HistoscopeError:
        return f"{entry} (gone)"


def members_state(ensemble_id: str, workspace: Workspace) -> str:
    """Return a text that changes when a member of a kept ensemble ends anew or is deleted, as a key for a cache.

    Raises:
        ComparisonError: there is no such ensemble.
    """
    return "; ".join(_state(member, workspace) for member in get_ensemble(ensemble_id, workspace).recipe.members)


def _state(member: str, workspace: Workspace) -> str:
    try:
        if is_import(member):
            return get_import(member, workspace).sha256
        if is_predictions(member):
            return str(get_predictions(member, workspace).facts.get("sha256"))
        run = Store.open(workspace).get(member)
    except HistoscopeError:
        return "gone"
    return f"{run.status} {run.ended_at}"


def runs_behind(entries: Iterable[RunPredictions]) -> list[str]:
    """Return the ids of the runs among entries and among the members of ensembles, each once."""
    ids = [name for one in entries for name in ((one.run_id,) if one.recipe is None else one.recipe.members)]
    return [name for name in dict.fromkeys(ids) if is_run(name)]
