"""Predict rows of a data set, as a table of the predictions contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from torch import Tensor

from histo_core.config import PredictConfig
from histo_core.data.dataset import Dataset
from histo_core.data.predictions import build_predictions
from histo_core.data.splits.split import Split
from histo_core.errors import CheckpointError
from histo_core.models.inference.memory import kept_memory
from histo_core.models.inference.predictor import Predictor
from histo_core.models.inference.probabilities import concatenated

Images = Sequence[np.ndarray] | np.ndarray
_PLAIN = PredictConfig()


def predict_sets(
    predictor: Predictor,
    dataset: Dataset,
    split: Split,
    split_sets: Sequence[str] = ("valid", "test"),
    *,
    predict: PredictConfig = _PLAIN,
    batch_size: int = 64,
    on_batch: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Predict every sample of some sets.

    Args:
        predictor: trained on the data set's classes.
        dataset: the source of pixels.
        split: gives the samples of each set.
        split_sets: any of train, valid and test.
        predict: the test-time augmentation; its own ``split_sets`` are ignored.
        batch_size: number of patches that are read and predicted at once.
        on_batch: receives (batches done, total).

    Returns:
        A table of the predictions contract. Scores are logits; with test-time augmentation see `Predicted.scores`.

    Raises:
        CheckpointError: the predictor has other classes than the data set.
        ConfigError: quarter turns of patches that are not square.
        DataError: a patch cannot be read.
    """
    if predictor.classes != dataset.classes:
        raise CheckpointError(
            f"The model was trained on the classes {', '.join(predictor.classes)}.",
            f"The data set has {', '.join(dataset.classes)}.",
            "Choose a model that was trained on these classes.",
        )
    rows = np.concatenate([split.indices(split_set) for split_set in split_sets])
    found = []
    for number, (_, pixels) in enumerate(batches(predictor, dataset, rows, batch_size), start=1):
        found.append(predictor.predict_input(pixels, predict))
        if on_batch is not None:
            on_batch(number, -(-len(rows) // batch_size))
    predicted = concatenated(found, len(predictor.classes))
    return build_predictions(dataset, split, rows, predicted.probabilities, predicted.scores)


def batches(
    predictor: Predictor, dataset: Dataset, rows: np.ndarray, batch_size: int
) -> Iterator[tuple[Images, Tensor]]:
    """Yield batches of some rows' pixels, as read and as the network's input.

    The next batch is read, cropped and normalised while the caller uses the current one.

    Raises:
        DataError: a patch cannot be read, or patches differ in size.
    """

    def read(start: int) -> tuple[Images, Tensor]:
        images = dataset.read(rows[start : start + batch_size])
        return images, predictor.preprocess(images)

    with kept_memory(), ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
        waiting = None
        for start in range(0, len(rows), batch_size):
            ahead = reader.submit(read, start)
            if waiting is not None:
                yield waiting.result()
            waiting = ahead
        if waiting is not None:
            yield waiting.result()
