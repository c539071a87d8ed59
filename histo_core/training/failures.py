"""Why training cannot go on, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from histo_core.config import TrainConfig
from histo_core.errors import TrainingError


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


@contextmanager
def memory_explained(batch_size: int) -> Iterator[None]:
    """Say what to do when memory runs out. The batch size is never changed in silence: it changes the result.

    Raises:
        TrainingError: the block ran out of memory, or a batch of one patch cannot be normalised.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # CUDA's own error is a RuntimeError; the CPU's has no type of its own
        if not _out_of_memory(error):
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


def _out_of_memory(error: Exception) -> bool:
    text = str(error).lower()
    return (
        isinstance(error, MemoryError | torch.OutOfMemoryError)
        or "can't allocate memory" in text
        or "out of memory" in text
    )
