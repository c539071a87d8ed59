"""Make training reproducible from its seed, as far as the device allows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.utils import deterministic

_memory: Any = deterministic  # its setting is a property of the module, which type checkers do not know


@contextmanager
def reproducible(seed: int, threads: int | None, device: torch.device) -> Iterator[None]:
    """Seed torch, fix the thread count and request deterministic algorithms; restore all settings afterwards.

    On a CPU an operation without a deterministic form is an error. Elsewhere it is a warning, because a few operations
    have no such form there; repeated runs then agree only within the library's own limits.

    Args:
        seed: seed of torch's global generators (initial weights, dropout).
        threads: number of CPU threads; None does not change it.
        device: device of training.
    """
    # cuBLAS is deterministic only with a workspace of fixed size, and reads this once, when CUDA starts.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    strict, lenient = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    filled, count = _memory.fill_uninitialized_memory, torch.get_num_threads()
    with torch.random.fork_rng(devices=[device.index] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        if threads is not None:
            torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True, warn_only=device.type != "cpu")
        _memory.fill_uninitialized_memory = False  # would cost a pass over every new tensor
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(strict, warn_only=lenient)
            _memory.fill_uninitialized_memory = filled
            torch.set_num_threads(count)


def reseed(seed: int, rank: int) -> None:
    """Give each process that shares a run its own random stream (dropout); rank 0 keeps the stream of a single process.

    Call it after the initial weights are drawn, because these are the same in all processes.
    """
    if rank:
        torch.manual_seed(int(np.random.SeedSequence([seed, rank]).generate_state(1, np.uint64)[0]))
