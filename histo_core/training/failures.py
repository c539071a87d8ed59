"""Why training cannot go on, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from torch import Tensor

from histo_core.config import TrainConfig
from histo_core.data.dataset import Dataset
from histo_core.disk_errors import DISK, NO_ROOM, advice
from histo_core.errors import TrainingError
from histo_core.files import write_json
from histo_core.models.device import out_of_memory

FAILED_BATCH = "failed_batch.json"
"""In a run's folder: which samples a loss that is no number came from."""

_NAMED = 3  # so many in a message


def check_finite(loss: float, where: str, config: TrainConfig) -> float:
    """Give the loss back.

    Args:
        loss: mean cross-entropy.
        where: epoch and batch, for the message.
        config: for the message.

    Raises:
        TrainingError: the loss is infinite or no number.
    """
    if not math.isfinite(loss):
        raise TrainingError(
            f"The loss became {loss} in {where}.",
            "A finite loss is needed.",
            f"Launch again with a learning rate below {config.learning_rate:g}; the last checkpoint is kept.",
        )
    return loss


def check_batch(
    loss: float, epoch: int, batch: int, rows: np.ndarray, dataset: Dataset, folder: Path, config: TrainConfig
) -> None:
    """Stop at a batch whose loss is no number, and keep the ids of its samples in ``failed_batch.json``.

    Args:
        loss: of the batch.
        epoch, batch: counted from 0.
        rows: int64 [n], of the batch in the data set.
        dataset: where its samples come from.
        folder: of the run.
        config: for the message.

    Raises:
        TrainingError: the loss is infinite or no number.
    """
    if math.isfinite(loss):
        return
    samples = [str(sample) for sample in dataset.table["sample_id"].iloc[rows]]
    with suppress(OSError):  # a disk that refuses must not hide the reason
        write_json(
            folder / FAILED_BATCH, {"epoch": epoch + 1, "batch": batch + 1, "loss": str(loss), "samples": samples}
        )
    first = ", ".join(samples[:_NAMED])
    more = f" and {len(samples) - _NAMED} more, all in {FAILED_BATCH}" if len(samples) > _NAMED else ""
    check_finite(loss, f"epoch {epoch + 1}, batch {batch + 1} (patches {first}{more})", config)


def check_weights(tensors: Mapping[str, Tensor], where: str) -> None:
    """Find out whether weights are numbers, before they are kept.

    Args:
        tensors: any, by name.
        where: the epoch that they come out of, for the message.

    Raises:
        TrainingError: one holds a value that is infinite or no number.
    """
    broken = [name for name, tensor in tensors.items() if tensor.is_floating_point() and not tensor.isfinite().all()]
    if broken:
        raise TrainingError(
            f"{len(broken)} of {len(tensors)} tensors of the network hold values that are no numbers after {where}: "
            f"{', '.join(broken[:_NAMED])}.",
            "Finite weights are needed.",
            "Launch again with a lower learning rate; the checkpoint before is kept.",
        )


@contextmanager
def disk_explained() -> Iterator[None]:
    """Say what to do when a disk is full, broken or read-only.

    Raises:
        TrainingError: a file of the block could not be read or written because of its disk.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in DISK:
            raise
        what = error.filename or "the run's files"
        wrong = "There is no room on the disk for" if error.errno in NO_ROOM else "The disk refused"
        raise TrainingError(
            f"{wrong} {what}: {error.strerror or error}.",
            "A disk with room for the run's files is needed.",
            f"{advice(error)}, then resume: the last checkpoint is whole.",
        ) from error


@contextmanager
def memory_explained(batch_size: int) -> Iterator[None]:
    """Say what to do when memory runs out. The batch size is never changed in silence: it changes the result.

    Raises:
        TrainingError: the block ran out of memory, or a batch of one patch cannot be normalised.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # CUDA's own error is a RuntimeError
        if not out_of_memory(error):
            raise
        remedy = (
            f"Launch again with a batch size of {batch_size // 2}." if batch_size > 1 else "Resize to fewer pixels."
        )
        raise TrainingError(
            f"Memory ran out with a batch size of {batch_size}.", "The last checkpoint is kept.", remedy
        ) from error
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise TrainingError(
            f"Batch normalisation has one value per channel with a batch size of {batch_size} and this input.",
            "At least two values are needed.",
            "Launch again with a larger batch size or larger patches.",
        ) from error
