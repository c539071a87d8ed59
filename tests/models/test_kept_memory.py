"""That large blocks are used again, which the kernel's count of cleared pages tells."""

from __future__ import annotations

import ctypes
import resource

import psutil
import pytest
import torch

from histo_core.models import kept_memory as module
from histo_core.models.kept_memory import kept_memory

BLOCK = 48 << 20
"""Bytes: above what the C library keeps by itself."""

needs_glibc = pytest.mark.skipif(module._gnu_libc() is None, reason="The C library is not GNU's; nothing is changed.")


def cleared(times: int = 5) -> int:
    """Pages that the system cleared while a block was asked for, filled and freed some times."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        torch.zeros(BLOCK // 4).add_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@needs_glibc
def test_a_large_block_is_cleared_once() -> None:
    usual = cleared()
    with kept_memory():
        with kept_memory():
            cleared()
        assert cleared() < usual / 10
    assert cleared() > usual / 2


@needs_glibc
def test_memory_goes_back_at_the_end() -> None:
    process = psutil.Process()
    with kept_memory():
        cleared()
        within = process.memory_info().rss
    assert within - process.memory_info().rss > BLOCK / 2


def test_nothing_is_changed_where_the_c_library_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str | None) -> ctypes.CDLL:
        raise OSError

    monkeypatch.setattr(ctypes, "CDLL", missing)
    with kept_memory():
        assert torch.zeros(3).sum() == 0
