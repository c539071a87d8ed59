"""That large blocks are used again, which the kernel's count of cleared pages tells."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from histo_core.glibc import gnu_libc
from histo_core.models.inference.memory import kept_memory

needs_glibc = pytest.mark.skipif(gnu_libc() is None, reason="The C library is not GNU's; nothing is changed.")

PROJECT = Path(__file__).resolve().parents[3]
MEASURED = """
import resource
import psutil
import torch
from histo_core.models.inference.memory import kept_memory

BLOCK = 48 << 20  # bytes: above what the C library keeps by itself
PROCESS = psutil.Process()


def cleared(block=BLOCK):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        torch.zeros(block // 4).add_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


usual = cleared()
with kept_memory():
    with kept_memory():
        cleared()
    assert cleared() < usual / 10, "a block is cleared once"
    held = PROCESS.memory_info().rss
assert held - PROCESS.memory_info().rss > BLOCK / 2, "memory goes back at the end"
assert cleared(2 * BLOCK) > usual, "each is cleared again, but for the 64 MiB that the C library always keeps"
"""


@needs_glibc
def test_a_large_block_is_cleared_once_and_goes_back_at_the_end() -> None:
    """In a process of its own, whose memory nobody else asks for; of three: the system places heaps at random."""
    for _ in range(3):
        code = [sys.executable, "-c", MEASURED]
        done = subprocess.run(code, capture_output=True, text=True, cwd=PROJECT, check=False)
        if done.returncode == 0:
            return
    pytest.fail(done.stderr)


def test_nothing_is_changed_where_the_c_library_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str | None) -> ctypes.CDLL:
        raise OSError

    monkeypatch.setattr(ctypes, "CDLL", missing)
    with kept_memory():
        assert torch.zeros(3).sum() == 0
