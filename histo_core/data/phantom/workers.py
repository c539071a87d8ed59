"""Render phantom patches in order on all CPU cores.

Rendering consists of many short NumPy calls, which do not run in parallel in threads. The workers are plain
subprocesses that communicate through pipes. `multiprocessing` would run the caller's main module again (a page, a
notebook, a script without a guard), is not allowed in a daemon, and must not fork a server with threads.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from histo_core.data.phantom.cohort import MASK_SHAPE, PATCH_SHAPE, Cohort, PhantomOptions

CHUNK = 64
_MAX_WORKERS = 8
_PATCHES_WORTH_A_WORKER = 400
"""Starting a worker takes one to two seconds, the time for rendering about as many patches."""


def render_in_order(options: PhantomOptions, workers: int | None = None) -> Generator[tuple[np.ndarray, np.ndarray]]:
    """Render all patches of a data set.

    Args:
        options: what to render.
        workers: number of worker processes; None chooses a useful number, 0 renders in this process. The number does
            not change a pixel.

    Yields:
        Chunks of up to `CHUNK` patches: images uint8 [n, 96, 96, 3] and packed masks uint8 [n, 96, 12].
    """
    if workers is None:
        workers = min(os.cpu_count() or 1, _MAX_WORKERS, options.patches // _PATCHES_WORTH_A_WORKER)
    cohort = Cohort(options)
    chunks = [(first, min(first + CHUNK, options.patches)) for first in range(0, options.patches, CHUNK)]
    if workers < 2:
        yield from (cohort.render_chunk(*chunk) for chunk in chunks)
        return
    with ExitStack() as stack:
        idle: SimpleQueue[_Worker] = SimpleQueue()
        for _ in range(workers):
            idle.put(stack.enter_context(_Worker(cohort)))

        def draw(chunk: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
            worker = idle.get()
            try:
                return worker.draw(*chunk)
            finally:
                idle.put(worker)

        threads = ThreadPoolExecutor(workers)
        stack.callback(threads.shutdown, cancel_futures=True)
        yield from threads.map(draw, chunks)


class _Worker:
    """One worker process; chunks that it cannot render, because it did not start or was killed, are rendered here."""

    def __init__(self, cohort: Cohort) -> None:
        self._cohort = cohort
        package_root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, [package_root, os.environ.get("PYTHONPATH")]))
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(OSError):
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "histo_core.data.phantom.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
            )
            self._ask(cohort.options.model_dump_json())

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *error: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def draw(self, first: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Render one chunk: images and packed masks."""
        with suppress(OSError, EOFError):
            self._ask(f"{first} {end}")
            return self._answer((end - first, *PATCH_SHAPE)), self._answer((end - first, *MASK_SHAPE))
        return self._cohort.render_chunk(first, end)

    def _ask(self, line: str) -> None:
        if self._process is None or self._process.stdin is None:
            raise EOFError
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def _answer(self, shape: tuple[int, ...]) -> np.ndarray:
        if self._process is None or self._process.stdout is None:
            raise EOFError
        content = self._process.stdout.read(math.prod(shape))
        if len(content) < math.prod(shape):
            raise EOFError
        return np.frombuffer(content, np.uint8).reshape(shape)
