"""Drawing phantom patches: all processors against one, and our Beer-Lambert rendering against scikit-image's.

The last line is the time for the demo's 4,000 patches as they are built, helper processes and all.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from _paired import paired
from skimage.color import combine_stains, rgb_from_hed

from histo_core.data.phantom import build_phantom
from histo_core.data.phantom_cohort import PhantomOptions
from histo_core.data.phantom_stain import SCANNERS, render, stain_slide
from histo_core.data.phantom_workers import draw_in_order
from histo_core.workspace import Workspace


def main() -> None:
    """Print both tables and the demo's time."""
    options = PhantomOptions(patches=1024)

    def draw(workers: int) -> None:
        for _ in draw_in_order(options, workers):
            pass

    paired(
        "drawing 1,024 patches",
        {f"{workers} helper processes": lambda workers=workers: draw(workers) for workers in (0, 2)},
        base="0 helper processes",
        rounds=3,
    )

    rng = np.random.default_rng(0)
    haematoxylin, eosin = rng.uniform(0, 1, (2, 96, 96)).astype(np.float32)
    staining = stain_slide(rng, rng, SCANNERS[0])
    stains = np.stack([haematoxylin, eosin, np.zeros_like(eosin)], axis=-1)
    paired(
        "stain amounts to RGB, 96 x 96",
        {
            "skimage.color.combine_stains": lambda: combine_stains(stains, rgb_from_hed),
            "render": lambda: render(rng, haematoxylin, eosin, replace(staining, blur=1e-3)),
            "render, blurred": lambda: render(rng, haematoxylin, eosin, staining),
        },
        base="skimage.color.combine_stains",
        rounds=50,
    )

    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        build_phantom(PhantomOptions(), Workspace(Path(folder)))
        print(f"the demo's 4,000 patches: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
