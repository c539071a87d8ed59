from __future__ import annotations

import math

import pytest
import torch

from histo_core.config import TrainConfig
from histo_core.errors import TrainingError
from histo_core.training.failures import check_finite, memory_explained


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number(loss: float) -> None:
    with pytest.raises(TrainingError, match=r"became (nan|inf) in epoch 1, batch 2.*below 0\.1"):
        check_finite(loss, "epoch 1, batch 2", TrainConfig(learning_rate=0.1))
    assert check_finite(0.5, "", TrainConfig()) == 0.5


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("MPS backend out of memory"),
    ],
)
def test_too_little_memory_names_the_batch_size_to_try(error: Exception) -> None:
    with (
        pytest.raises(TrainingError, match=r"batch size of 64.*Launch again with a batch size of 32"),
        memory_explained(64),
    ):
        raise error


def test_a_real_allocation_that_fails() -> None:
    with pytest.raises(TrainingError, match="Memory ran out"), memory_explained(8):
        torch.empty(1 << 60, dtype=torch.uint8)


def test_a_batch_of_one_that_cannot_be_normalised() -> None:
    with pytest.raises(TrainingError, match="larger batch size"), memory_explained(1):
        torch.nn.BatchNorm2d(3)(torch.zeros(1, 3, 1, 1))


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2 shapes"), ValueError("other")])
def test_other_errors_pass(error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)), memory_explained(8):
        raise error
