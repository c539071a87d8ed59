"""Predictions of whole parts of a split, in the form that everything after training reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch

from histo_core.data.base import Dataset
from histo_core.data.predictions import build_predictions
from histo_core.data.splits.split import Split
from histo_core.errors import CheckpointError
from histo_core.models.predictor import Predictor


def predict_parts(
    predictor: Predictor,
    dataset: Dataset,
    split: Split,
    parts: Sequence[str] = ("valid", "test"),
    *,
    batch_size: int = 64,
    on_batch: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Predict every sample of some parts.

    Args:
        predictor: trained on the data set's classes.
        dataset: where pixels come from.
        split: says which samples are in a part.
        parts: any of train, valid and test.
        batch_size: how many are read and predicted at once.
        on_batch: told the batches done and in all.

    Returns:
        A table of the predictions contract, probabilities after softmax, logits as scores.

    Raises:
        CheckpointError: the predictor knows other classes than the data set.
        DataError: a patch cannot be read.
    """
    if predictor.classes != dataset.classes:
        raise CheckpointError(
            f"The model was trained on the classes {', '.join(predictor.classes)}.",
            f"The data set has {', '.join(dataset.classes)}.",
            "Choose a model that was trained on these classes.",
        )
    rows = np.concatenate([split.indices(part) for part in parts])
    starts = range(0, len(rows), batch_size)
    logits = [torch.zeros(0, len(predictor.classes))]
    for number, start in enumerate(starts, start=1):
        logits.append(predictor.logits(dataset.read(rows[start : start + batch_size]), batch_size))
        if on_batch is not None:
            on_batch(number, len(starts))
    scores = torch.cat(logits)
    # In double precision rows sum to 1 to the last digit that is kept.
    probabilities = scores.double().softmax(dim=1)
    return build_predictions(dataset, split, rows, probabilities.numpy(), scores.numpy())
