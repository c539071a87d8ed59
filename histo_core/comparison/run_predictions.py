"""Hold the predictions of one run, before they are joined with those of others."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from histo_core.data.class_mapping import Synonyms


@dataclass(frozen=True, eq=False)
class RunPredictions:
    """The predictions of one run, or of a reference that is no run, for every held-out sample.

    Attributes:
        run_id, name: unique id, and displayed name.
        table: predictions that keep the contract of ``predictions.parquet``.
        fingerprint: fingerprint of the split.
        classes: class names in the order of the probabilities.
        positive: the class whose probability is used for ROC curves.
        learnt: whether the samples are the run's own training set.
        synonyms: other names of its classes, as its data set declares them.
        version: changes with the predictions where id and name do not; empty for a run, whose predictions never change.
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
