"""What the C library's allocator keeps, counted in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from histo_core import glibc

PROJECT = Path(__file__).resolve().parents[2]
needs_glibc = pytest.mark.skipif(glibc.gnu_libc() is None, reason="The C library is not GNU's; nothing is changed.")
HELD = """
import numpy as np
import psutil
from histo_core import glibc

{before}
own, held = psutil.Process(), 0
for _ in range(5):
    block = np.ones(1 << 20)  # 8 MiB
    held = own.memory_info().rss
    del block
print(held - own.memory_info().rss)
"""
HEAPS = """
import ctypes
import threading
from histo_core import glibc

{before}
met = threading.Barrier(12)
libc = ctypes.CDLL(None)
libc.malloc.argtypes, libc.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p


def work():
    libc.malloc(5_000)
    met.wait()


threads = [threading.Thread(target=work) for _ in range(12)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@needs_glibc
def test_large_blocks_go_back_when_they_are_freed() -> None:
    usual = int(_said(HELD.format(before="")))
    bounded = int(_said(HELD.format(before="glibc.keep_blocks(up_to=1 << 20, trim=1 << 20)")))
    assert usual < 4e6 < 8e6 < bounded


@needs_glibc
def test_threads_share_two_heaps() -> None:
    assert _said(HEAPS.format(before="")).count("<heap ") > 4
    assert _said(HEAPS.format(before="glibc.share_heaps(2)")).count("<heap ") <= 2


def _said(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
