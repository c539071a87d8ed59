"""Give a run's stored predictions on other data the form in which models are compared."""

from __future__ import annotations

from contextlib import suppress

from histo_core.comparison.join import load
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.data.class_mapping import declared_synonyms
from histo_core.data.dataset import DATASETS
from histo_core.errors import HistoscopeError
from histo_core.prediction.seen_samples import OWN_DIVISION
from histo_core.prediction.stored import PredictionSet
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace

TRAIN_ONLY = ["train"]


def on_other_data(found: PredictionSet, workspace: Workspace) -> RunPredictions:
    """Return stored predictions for a comparison, with the doubts that the checks of their data left.

    The run's own validation set comes with them, so that a threshold can be chosen there. Without the run they can
    still be compared at a number.

    Raises:
        DataNotFoundError, CorruptDataError: the table is missing, or is not the one that was written.
    """
    own = None
    with suppress(HistoscopeError):
        own = load(Store.open(workspace).get(found.run_id), workspace)
    name = name_of(found, own.name if own else "")
    return RunPredictions(
        run_id=found.id,
        name=name,
        table=found.table(),
        fingerprint=str(found.facts["split"]),
        classes=tuple(map(str, found.facts["classes"])),
        positive=str(found.facts["positive"]),
        learnt=found.facts["parts"] == TRAIN_ONLY and found.facts.get("division") == OWN_DIVISION,
        synonyms=own.synonyms if own else declared_synonyms(found.data.dataset),
        validation=own.table if own else None,
        notes=(f"{name}: {' '.join(found.warnings)}",) if found.warnings else (),
    )


def name_of(found: PredictionSet, run_name: str = "") -> str:
    """Return the displayed name: run, data and test-time augmentation, as in "ResNet18 on PCam (test)"."""
    data = found.data.dataset
    where = DATASETS[data].info.title if data in DATASETS else data
    split_sets = "" if found.facts["asked"]["split"] is None else f" ({', '.join(found.facts['parts'])})"
    views = found.facts["asked"]["predict"].get("tta", "none")
    return f"{run_name or found.facts.get('run_name', found.run_id)} on {where}{split_sets}" + (
        "" if views == "none" else f", {views}"
    )
