"""Train a colour-only baseline: a model that sees no shapes, and that a network should beat."""

from __future__ import annotations

import numpy as np
import pandas as pd
from skimage.color import rgb2hed
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from histo_core.auditing.stains import MOST
from histo_core.data.dataset import Dataset
from histo_core.data.predictions import build_predictions
from histo_core.data.splits.split import Split
from histo_core.errors import SplitError

PENALTIES = (0.001, 0.01, 0.1, 1.0, 10.0)
"""The inverse strengths C of the L2 penalty to try."""

_BATCH = 256


def colour_baseline(dataset: Dataset, split: Split, *, bins: int = 16, seed: int = 0) -> pd.DataFrame:
    """Fit a logistic regression on histograms of red, green, blue and of haematoxylin, eosin, DAB.

    The stains are those of Ruifrok and Johnston, Quantification of histochemical staining by color deconvolution,
    Analytical and Quantitative Cytology and Histology 23, 2001. C is the one of `PENALTIES` with the lowest log loss
    on the validation set; the test set chooses nothing.

    Args:
        dataset, split: data and split to learn from.
        bins: number of bins of each channel's histogram.
        seed: seed of the solver.

    Returns:
        Predictions of the validation and the test set (see `histo_core.data.predictions`).

    Raises:
        SplitError: the training or validation set is empty, or the training set has one class only.
    """
    train, valid, test = (split.indices(split_set) for split_set in ("train", "valid", "test"))
    labels, n_classes = dataset.table["label"].to_numpy(), len(dataset.classes)
    _check(dataset, labels[train], valid)
    held_out = np.concatenate([valid, test])
    seen, unseen = _features(dataset, train, bins), _features(dataset, held_out, bins)

    def predict(penalty: float) -> np.ndarray:
        model = LogisticRegression(C=penalty, max_iter=5000, random_state=seed)
        return _probabilities(make_pipeline(StandardScaler(), model).fit(seen, labels[train]), unseen, n_classes)

    def valid_loss(probabilities: np.ndarray) -> float:
        return log_loss(labels[valid], probabilities[: len(valid)], labels=np.arange(n_classes))

    best = min(map(predict, PENALTIES), key=valid_loss)
    return build_predictions(dataset, split, held_out, best)


def _check(dataset: Dataset, train_labels: np.ndarray, valid: np.ndarray) -> None:
    shown = [dataset.classes[label] for label in np.unique(train_labels)]
    if len(shown) < 2 or not len(valid):
        raise SplitError(
            f"Training shows {' and '.join(shown) or 'nothing'}; validation has {len(valid):,} patches.",
            "At least two classes to train on and one patch to choose by are needed.",
            "Split the data another way.",
        )


def _features(dataset: Dataset, rows: np.ndarray, bins: int) -> np.ndarray:
    """Return the histograms, float64 [n, 6 x bins]; each channel's histogram sums to 1."""
    return np.array(
        [
            _histograms(image, bins)
            for start in range(0, len(rows), _BATCH)
            for image in dataset.read(rows[start : start + _BATCH])
        ]
    )


def _histograms(image: np.ndarray, bins: int) -> np.ndarray:
    colours = image.reshape(-1, 3) / 255
    stains = rgb2hed(colours).clip(0, MOST) / MOST
    values = np.hstack([colours, stains])
    places = np.minimum((values * bins).astype(np.int64), bins - 1) + bins * np.arange(6)
    return np.bincount(places.ravel(), minlength=6 * bins) / len(values)


def _probabilities(model: Pipeline, features: np.ndarray, n_classes: int) -> np.ndarray:
    """Return probabilities, float64 [n, k]; a class that is not in the training set has probability 0."""
    probabilities = np.zeros((len(features), n_classes))
    probabilities[:, model.classes_] = model.predict_proba(features)
    return probabilities
