"""Find the data set that the compared samples are from."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from histo_core.comparison.entries import is_run
from histo_core.comparison.imported import is_import
from histo_core.comparison.kept_ensembles import get_ensemble, is_ensemble
from histo_core.config import DataConfig
from histo_core.errors import HistoscopeError
from histo_core.prediction.stored import get_predictions
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace


def data_of(entries: Sequence[str], workspace: Workspace) -> DataConfig | None:
    """Return the data set of the first entry that names one: a run, an ensemble, or predictions on other data.

    All entries of a comparison are of the same samples, so that one of them is enough. Imported predictions name none.
    """
    for entry in entries:
        with suppress(HistoscopeError):  # no run of this id, such as the colour-only baseline
            if is_run(entry):
                return Store.open(workspace).get(entry).config.data
            if is_ensemble(entry):
                return data_of(get_ensemble(entry, workspace).recipe.members, workspace)
            if not is_import(entry):
                return get_predictions(entry, workspace).data
    return None
