"""Measure what docs/explanations.md says of maps, on a run and a folder of patches: ``normal`` and ``tumor`` in sets.

For each of Grad-CAM and LIME: how many blank patches are drawn in grey, and how many telling ones (labelled tumour,
rightly called with 0.8 or more, not blank); then the share of Grad-CAM's positive evidence for tumour in the central
32 x 32 pixels. Run as ``python scripts/measure_maps.py RUN_FOLDER PATCHES``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from histo_core.auditing.pixel_stats import luma, measure
from histo_core.auditing.quality import blank
from histo_core.data.formats.images import open_image
from histo_core.explanation.base import EXPLAINERS, Explainer
from histo_core.explanation.gradcam import GradCam
from histo_core.explanation.lime import Lime, LimeOptions
from histo_core.models.inference.predictor import Predictor

BOX = 32
SURE = 0.8
MOST = {"gradcam": 500, "lime": 60}
"""Telling patches that are explained."""


def is_blank(images: np.ndarray) -> np.ndarray:
    """Bool [n], as the audit says."""
    batches = (images[start : start + 500] for start in range(0, len(images), 500))
    return blank(pd.concat([pd.DataFrame(measure(batch, luma(batch))) for batch in batches], ignore_index=True))


def read(folder: Path, split_set: str) -> tuple[np.ndarray, np.ndarray]:
    """The patches of a set, uint8 [n, 96, 96, 3], and which are labelled tumour."""
    files = sorted(folder.glob(f"{split_set}/*/*.jpg"))
    return np.stack([open_image(file) for file in files]), np.array([file.parent.name == "tumor" for file in files])


def greyed(predictor: Predictor, explainer: Explainer, images: np.ndarray, target: int | None) -> str:
    """How many of some patches have a negligible map."""
    found = [explainer.explain(predictor, image, target).negligible for image in images]
    return f"{sum(found)} of {len(found)} ({np.mean(found):.3f})"


def in_the_box(predictor: Predictor, images: np.ndarray, target: int) -> np.ndarray:
    """Share of the positive evidence in the central box of each patch that has any."""
    height, width = images.shape[1:3]
    rows, columns = (slice((side - BOX) // 2, (side + BOX) // 2) for side in (height, width))
    maps = np.stack([GradCam().attribute(predictor, image, target).map for image in images])
    whole = maps.sum(axis=(1, 2))
    return maps[:, rows, columns].sum(axis=(1, 2))[whole > 0] / whole[whole > 0]


def main(run: Path, folder: Path) -> None:
    """Print all of it."""
    predictor = Predictor.from_run(run, "cpu")
    tumour = predictor.classes.index(predictor.positive)
    test, labelled = read(folder, "test")
    blanks = np.concatenate(
        [images[is_blank(images)] for images in (read(folder, split_set)[0] for split_set in SPLIT_SETS)]
    )
    sure = predictor.probabilities(test)[:, tumour]
    telling = test[labelled & (sure >= SURE) & ~is_blank(test)]
    print(f"{predictor.name}: {((sure > 0.5) == labelled).mean():.3f} of {len(test)} test patches called rightly")
    methods: dict[str, Explainer] = {"gradcam": GradCam(), "lime": Lime(LimeOptions(samples=200))}
    for name, explainer in methods.items():
        print(f"{EXPLAINERS[name].title}: blank patches grey {greyed(predictor, explainer, blanks, None)}")
        print(f"    telling patches grey {greyed(predictor, explainer, telling[: MOST[name]], tumour)}")
    for words, images in (("test patches", test), ("those labelled tumour", test[labelled])):
        share = in_the_box(predictor, images, tumour)
        error = share.std(ddof=1) / len(share) ** 0.5
        area = BOX**2 / np.prod(test.shape[1:3])
        print(f"in the box, {words}: {share.mean():.3f} (SE {error:.3f}, n {len(share)}); area {area:.3f}")


SPLIT_SETS = ("train", "valid", "test")

if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
