"""Freed memory goes back to the system, which the process's own count tells."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from histo_core import glibc

PROJECT = Path(__file__).resolve().parents[2]
needs_glibc = pytest.mark.skipif(glibc.gnu_libc() is None, reason="The C library is not GNU's; nothing is changed.")


@needs_glibc
def test_blocks_above_the_limit_go_back_when_they_are_freed() -> None:
    code = (
        "import psutil, numpy as np\nfrom histo_core import glibc\nglibc.keep_blocks(up_to=1 << 20, trim=1 << 20)\n"
        "own = psutil.Process()\nfor _ in range(5):\n    a = np.ones(4 << 20)\n    held = own.memory_info().rss\n"
        "    del a\nassert held - own.memory_info().rss > 30e6\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=False)
    assert done.returncode == 0, done.stderr
