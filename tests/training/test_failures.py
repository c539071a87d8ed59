from __future__ import annotations

import errno
import math
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest
import torch

from histo_core.config import TrainConfig
from histo_core.data.dataset import Dataset
from histo_core.errors import TrainingError
from histo_core.files import read_json
from histo_core.training.failures import check_batch, check_finite, check_weights, disk_explained, memory_explained


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number(loss: float) -> None:
    with pytest.raises(TrainingError, match=r"became (nan|inf) in epoch 1, batch 2.*below 0\.1"):
        check_finite(loss, "epoch 1, batch 2", TrainConfig(learning_rate=0.1))
    assert check_finite(0.5, "", TrainConfig()) == 0.5


def test_a_batch_whose_loss_is_no_number_names_its_samples(tmp_path: Path) -> None:
    dataset = cast(Dataset, SimpleNamespace(table=pd.DataFrame({"sample_id": [f"patch{row}" for row in range(9)]})))
    rows = np.array([5, 1, 7, 2])
    check_batch(0.5, 0, 0, rows, dataset, tmp_path, TrainConfig())
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TrainingError, match=r"epoch 2, batch 3 \(patches patch5, patch1, patch7 and 1 more, all in"):
        check_batch(math.nan, 1, 2, rows, dataset, tmp_path, TrainConfig())
    written = {"epoch": 2, "batch": 3, "loss": "nan", "samples": ["patch5", "patch1", "patch7", "patch2"]}
    assert read_json(tmp_path / "failed_batch.json") == written


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("MPS backend out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."),
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


def test_weights_that_are_no_numbers() -> None:
    whole = {"model.a": torch.ones(3), "model.count": torch.tensor(2)}
    check_weights(whole, "epoch 1")
    with pytest.raises(TrainingError, match=r"1 of 3 tensors .* after epoch 1: model\.b\."):
        check_weights(whole | {"model.b": torch.tensor([1.0, math.nan])}, "epoch 1")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_says_what_to_do(number: int) -> None:
    with pytest.raises(TrainingError, match=r"no room on the disk for events\.jsonl.*then resume"), disk_explained():
        raise OSError(number, "No space left on device", "events.jsonl")
    with pytest.raises(BrokenPipeError), disk_explained():
        raise BrokenPipeError(errno.EPIPE, "Broken pipe", "events.jsonl")
