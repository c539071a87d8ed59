"""Choose the training samples and their order, and list what must not change when a run resumes."""

from __future__ import annotations

from typing import Any

import numpy as np

from histo_core.config import RunConfig, TrainConfig
from histo_core.data.dataset import UNLABELLED, Dataset
from histo_core.data.splits.balance import balanced_order, enlarged_rows
from histo_core.data.splits.partition import sample_rows
from histo_core.data.splits.split import Split
from histo_core.errors import SplitError
from histo_core.shown_text import count

_MAY_CHANGE = frozenset(
    {
        *("data.root", "train.epochs", "train.patience", "train.device", "train.devices", "train.threads"),
        "train.activations",
    }
)
_OVER_ALL_EPOCHS = frozenset({"one_cycle", "cosine"})
_ORDER = 1
_FEWEST = 2
"""Fewest samples on a device, as batch normalisation needs them."""


def training_rows(config: RunConfig, dataset: Dataset, split: Split) -> np.ndarray:
    """Return the rows of the training set, int64 in the table's order, or a seeded subset if configured.

    The subset keeps the shares of the classes, to the nearest sample, and does not depend on the table's order.

    Raises:
        SplitError: fewer than two samples for each device, or one without a label.
    """
    fewest = _FEWEST * config.train.devices
    rows = _labelled(dataset, split, "train", at_least=fewest)
    wanted = config.train.max_train_samples
    if wanted is None or wanted >= len(rows):
        return rows
    if wanted < fewest:
        raise SplitError(
            f"{wanted} training patches were chosen for {config.train.devices} devices.",
            f"At least {_FEWEST} a device.",
            "Choose more patches or fewer devices.",
        )
    ids, labels = (dataset.table[column].to_numpy()[rows] for column in ("sample_id", "label"))
    return rows[sample_rows(ids, labels, wanted, config.seed)]


def validation_rows(dataset: Dataset, split: Split) -> np.ndarray:
    """Return the rows of the validation set, int64.

    Raises:
        SplitError: no sample, or one without a label.
    """
    return _labelled(dataset, split, "valid", at_least=1)


def batch_count(samples: int, train: TrainConfig) -> int:
    """Count an epoch's batches, without a last one that gives a device one sample: batch normalisation needs two.

    Which samples are left out changes with each epoch's order.
    """
    whole, rest = divmod(samples, train.batch_size)
    return whole + (rest >= _FEWEST * train.devices)


def epoch_order(rows: np.ndarray, labels: np.ndarray, config: RunConfig, epoch: int) -> np.ndarray:
    """Return the rows in the order of one epoch; it depends only on the configuration and the epoch.

    Args:
        rows: int64 [n], of the training set.
        labels: int [n], of these rows.
        config: gives the seed and the class balancing.
        epoch: counted from 0.

    Returns:
        int64 [m], the same m in every epoch. If classes are enlarged, m > n and rows are repeated; if rows are drawn
        with replacement, some are repeated and some are missing.
    """
    random = np.random.default_rng([config.seed, _ORDER, epoch])
    if config.train.balance == "sampler":
        return balanced_order(rows, labels, random)
    if config.train.enlarge_to is not None:
        rows = enlarged_rows(rows, labels, config.train.enlarge_to, random)
    return random.permutation(rows)


def identity(config: RunConfig, dataset: Dataset, split: Split, data_hash: str | None = None) -> dict[str, Any]:
    """Return everything that determines the weights after a batch, as flat JSON values by field.

    The number of epochs is included only if the learning rates depend on it. The hash of the data replaces their
    folder.

    Args:
        config: configuration of the run.
        dataset: opened from ``config.data``.
        split: made from ``config.split``.
        data_hash: the data set's `content_hash`; None computes it, which reads all pixels unless it is cached.
    """
    sections = config.naming_values()
    del sections["predict"]
    flat: dict[str, Any] = {"seed": sections.pop("seed")}
    for section, values in sections.items():
        flat |= {f"{section}.{field}": value for field, value in values.items()}
    free = _MAY_CHANGE - ({"train.epochs"} if config.train.schedule in _OVER_ALL_EPOCHS else set())
    flat = {field: value for field, value in flat.items() if field not in free}
    content = dataset.content_hash if data_hash is None else data_hash
    return flat | {
        "data's content": content,
        "split fingerprint": split.fingerprint,
        "classes": list(dataset.classes),
    }


def _labelled(dataset: Dataset, split: Split, split_set: str, *, at_least: int) -> np.ndarray:
    rows = split.indices(split_set)
    if len(rows) < at_least:
        raise SplitError(
            f"The {split_set} set holds {count(len(rows), 'sample')}.",
            f"At least {at_least}.",
            "Change the split's shares.",
        )
    unlabelled = int((dataset.table["label"].to_numpy()[rows] == UNLABELLED).sum())
    if unlabelled:
        raise SplitError(
            f"The {split_set} set holds {count(unlabelled, 'sample')} without a label.",
            "Labelled samples only.",
            "Leave them out of the split.",
        )
    return rows
