"""Drawing phantom patches: two helper processes against this process alone, and the demo's 4,000 patches.

    python -m benchmarks.phantom

Helpers only pay where a processor is free for each; the patches are the same bytes either way.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks._paired import paired
from histo_core.data.phantom.cohort import PhantomOptions
from histo_core.data.phantom.dataset import build_phantom
from histo_core.data.phantom.workers import render_in_order
from histo_core.workspace import Workspace


def main() -> None:
    """Print the ratio and the demo's time."""
    options = PhantomOptions(patches=2048)

    def draw(workers: int) -> None:
        for _ in render_in_order(options, workers):
            pass

    paired(
        "drawing 2,048 patches",
        {"this process alone": lambda: draw(0), "two helper processes": lambda: draw(2)},
        base="this process alone",
        rounds=3,
    )
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        build_phantom(PhantomOptions(), Workspace(Path(folder)))
        print(f"the demo's 4,000 patches, stored: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
