"""Query NVIDIA GPUs with ``nvidia-smi``, without loading PyTorch."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

TIMEOUT_SECONDS = 3.0
KEEP_SECONDS = 5.0
_FIELDS = ("index", "uuid", "name", "memory.free", "memory.total", "utilization.gpu")
_MIB = 1 << 20


@dataclass(frozen=True)
class Gpu:
    """One GPU. Memory is in bytes; ``percent`` is its utilisation in the last second, None where unknown."""

    name: str
    title: str
    memory_free: int
    memory_total: int
    percent: int | None


class GpuWatch:
    """A cache of the GPUs' state, at most a few seconds old.

    A thread queries the tool, so that a driver that hangs delays nobody for longer than the timeout.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._known: tuple[Gpu, ...] = ()
        self._asked_at = -KEEP_SECONDS

    def poll(self) -> tuple[Gpu, ...]:
        """Return all GPUs that PyTorch sees, in its order; the last answer when the tool does not answer in time."""
        with self._lock:
            if time.monotonic() - self._asked_at >= KEEP_SECONDS and not (self._thread and self._thread.is_alive()):
                self._asked_at = time.monotonic()
                self._thread = threading.Thread(target=self._ask, name="nvidia-smi", daemon=True)
                self._thread.start()
            thread = self._thread
        if thread is not None:
            thread.join(TIMEOUT_SECONDS)
        return self._known

    def _ask(self) -> None:
        self._known = visible(query(), os.environ.get("CUDA_VISIBLE_DEVICES"))


def query() -> str:
    """Return what the tool prints, one line a GPU; empty where the tool is missing or fails."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    command = [tool, f"--query-gpu={','.join(_FIELDS)}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def visible(text: str, chosen: str | None) -> tuple[Gpu, ...]:
    """Parse the output of `query`.

    Args:
        text: its lines; a line that cannot be parsed is left out.
        chosen: ``CUDA_VISIBLE_DEVICES``: indices or ids of the GPUs that PyTorch may use; PyTorch numbers them from
            0 in this order. None means all of them.
    """
    rows = [row for line in text.splitlines() if len(row := [part.strip() for part in line.split(",")]) == len(_FIELDS)]
    if chosen is not None:
        rows = [row for wanted in chosen.split(",") for row in rows if _is(row, wanted.strip())]
    return tuple(_gpu(number, row) for number, row in enumerate(rows))


def _is(row: Sequence[str], wanted: str) -> bool:
    index, uuid = row[:2]
    return wanted == index or (len(wanted) > len("GPU-") and uuid.startswith(wanted))


def _gpu(number: int, row: Sequence[str]) -> Gpu:
    title, free, total, percent = row[2:]
    return Gpu(f"cuda:{number}", title, (_number(free) or 0) * _MIB, (_number(total) or 0) * _MIB, _number(percent))


def _number(text: str) -> int | None:
    """Return a whole number, or None for a value that the tool does not know (``[N/A]``)."""
    return int(text) if text.isdecimal() else None


GPUS = GpuWatch()
"""The one GPU cache of this process."""
