"""Hold the predictions of one model, before they are joined with those of others."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from histo_core.comparison.ensemble_recipe import EnsembleRecipe
from histo_core.data.class_mapping import Synonyms


@dataclass(frozen=True, eq=False)
class RunPredictions:
    """The predictions of one run, or of another model, for every held-out sample.

    Attributes:
        run_id, name: unique id, and displayed name.
        table: predictions that keep the contract of ``predictions.parquet``.
        fingerprint: fingerprint of the split; empty where the predictions are imported.
        classes: class names in the order of the probabilities.
        positive: the class whose probability is used for ROC curves.
        learnt: whether the samples are the run's own training set.
        synonyms: other names of its classes, as its data set declares them.
        version: changes with the predictions where id and name do not; empty for a run, whose predictions never change.
        validation: predictions of the model's own validation set, where ``table`` is of other data; a threshold is
            chosen there. None: the rows "valid" of ``table``.
        imported: whether they come from another program; labels and sets are then taken from the other models.
        notes: doubts about them, in sentences, which a comparison shows.
        recipe: how it was made of others, for an ensemble; else None.
    """

    run_id: str
    name: str
    table: pd.DataFrame
    fingerprint: str
    classes: tuple[str, ...]
    positive: str
    learnt: bool = False
    synonyms: Synonyms | None = None
    version: str = ""
    validation: pd.DataFrame | None = None
    imported: bool = False
    notes: tuple[str, ...] = ()
    recipe: EnsembleRecipe | None = None
