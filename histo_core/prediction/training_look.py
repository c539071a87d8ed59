"""Measure what a run's training patches look like, so that another image can be compared with them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from histo_core.auditing.pixel_stats import luma, measure
from histo_core.auditing.quality import BLUR_CONTRAST, blank
from histo_core.auditing.tissue_colour import tissue_colour
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.disk_errors import kept_if_possible
from histo_core.errors import DataError
from histo_core.files import read_json, read_kept, write_json
from histo_core.prediction.preflight import Trained, trained_on
from histo_core.progress import Progress, silent
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace

SAMPLE = 512
"""Training patches to measure: five of them lie beyond each limit."""
LEVEL = 0.01
"""Share of the training patches beyond a limit. Measured on sets of the same source that were not trained on: of 100
patches 4 (Kaggle PCam), 5 and 9 (validation and test set of PCam) are doubted for any reason; 98 and more of 100 that
are grey, blurred by 2 px or enlarged twice."""
FEWEST = 20
"""Fewer measured training patches give no limit."""
FILE = "training_look.json"

_LEAST_SPREAD = 0.02
"""The least SD of a colour, so that an image is not far from training patches that are nearly equal."""


@dataclass(frozen=True)
class TrainingLook:
    """Look of a sample of a run's training patches.

    Colour and detail are measured on what the network sees, after crop and resizing.

    Attributes:
        patches: number of measured patches.
        typical, smallest, largest: height and width in pixels: the medians, and the limits below and above which one of
            100 patches lies, so that a few torn patches at the edge of a slide widen nothing.
        resolution: micrometres per pixel of the network's input, or None.
        blank: share of blank patches; see `histo_core.auditing.quality.blank`.
        colour: mean of `tissue_colour`; None with fewer than `FEWEST` stained patches.
        precision: inverse covariance of the colours, 3 x 3.
        farthest: Mahalanobis distance from ``colour`` within which 99 of 100 patches lie.
        palest: saturation above which 99 of 100 patches with tissue lie, 0 to 1; 0 where ``colour`` is None.
        detail: sharpness (see `histo_core.auditing.pixel_stats.measure`) between which 99 of 100 patches lie; None with
            fewer than `FEWEST` patches of enough contrast.
    """

    patches: int
    typical: tuple[int, int]
    smallest: tuple[int, int]
    largest: tuple[int, int]
    resolution: float | None
    blank: float
    colour: tuple[float, ...] | None
    precision: tuple[tuple[float, ...], ...]
    farthest: float
    palest: float
    detail: tuple[float, float] | None


def training_look(run: Run, workspace: Workspace, progress: Progress = silent) -> TrainingLook | None:
    """Measure a run's training patches, or read what was measured before from the run's folder.

    Args:
        run: a finished run.
        workspace: the workspace that holds it.
        progress: called with (patches done, patches in total).

    Returns:
        None where the training data can no longer be read and were not measured before.
    """
    file = workspace.run_folder(run.run_id) / FILE
    kept = read_kept(file, lambda: _parsed(read_json(file)))
    if kept is not None:
        return kept
    try:
        found = measure_look(trained_on(run, workspace), Preprocess(run.config.preprocess), progress)
    except DataError:  # a file of the training data is gone or damaged
        return None
    if found is not None:
        with kept_if_possible("What the training patches look like"):
            write_json(file, asdict(found))
    return found


def measure_look(trained: Trained, preprocess: Preprocess, progress: Progress = silent) -> TrainingLook | None:
    """Measure a seeded sample of training patches; None where they can no longer be read.

    Raises:
        DataError: a patch cannot be read.
    """
    if trained.dataset is None or trained.split is None:
        return None
    rows = trained.split.indices("train")
    drawn = np.sort(np.random.default_rng(0).permutation(rows)[:SAMPLE])
    sizes, looks = [], []
    for number, row in enumerate(drawn, start=1):
        image = trained.dataset.read([int(row)])[0]
        sizes.append(image.shape[:2])
        looks += measure_patches(preprocess.geometry([image]))
        progress(number, len(drawn))
    if not looks:
        return None
    shapes = np.array(sizes)
    stained = [look for look in looks if look.colour is not None]
    centre, precision, farthest = _colour_limit(np.array([look.colour for look in stained]))
    details = np.array([look.detail for look in looks if look.detail is not None])
    return TrainingLook(
        patches=len(looks),
        typical=_pair(np.median(shapes, axis=0)),
        smallest=_pair(np.quantile(shapes, LEVEL, axis=0, method="nearest")),
        largest=_pair(np.quantile(shapes, 1 - LEVEL, axis=0, method="nearest")),
        resolution=trained.resolution,
        blank=float(np.mean([look.blank for look in looks])),
        colour=centre,
        precision=precision,
        farthest=farthest,
        palest=0.0 if centre is None else float(np.quantile([look.saturation for look in stained], LEVEL)),
        detail=None if len(details) < FEWEST else _range(details),
    )


@dataclass(frozen=True, eq=False)
class PatchLook:
    """Look of one patch.

    Attributes:
        blank: whether it is blank.
        background: share of pixels without stain.
        saturation: mean difference of a pixel's strongest and weakest channel, 0 to 1.
        colour: see `tissue_colour`; None with too little tissue.
        detail: its sharpness; None with too little contrast to judge.
    """

    blank: bool
    background: float
    saturation: float
    colour: np.ndarray | None
    detail: float | None


def measure_patches(seen: np.ndarray) -> list[PatchLook]:
    """Measure what the network sees of n patches of one size, uint8 [n, H, W, 3]."""
    facts = pd.DataFrame(measure(seen, luma(seen)))
    judged = facts["sharpness"].where(facts["contrast"] >= BLUR_CONTRAST)
    columns = zip(blank(facts), facts["background"], facts["saturation"], seen, judged, strict=True)
    return [
        PatchLook(bool(bare), float(background), float(saturation), tissue_colour(image),
                  None if np.isnan(detail) else float(detail))
        for bare, background, saturation, image, detail in columns
    ]  # fmt: skip


def colour_distance(look: TrainingLook, colour: np.ndarray) -> float:
    """Return the Mahalanobis distance of a `tissue_colour` from the mean of the training patches."""
    apart = colour - np.array(look.colour)
    return float(np.sqrt(apart @ np.array(look.precision) @ apart))


def _colour_limit(
    colours: np.ndarray,
) -> tuple[tuple[float, ...] | None, tuple[tuple[float, ...], ...], float]:
    """Return mean, inverse covariance, and the distance within which all but `LEVEL` of the patches lie."""
    if len(colours) < FEWEST:
        return None, (), np.inf
    centre = colours.mean(axis=0)
    precision = np.linalg.inv(np.cov(colours.T) + np.eye(colours.shape[1]) * _LEAST_SPREAD**2)
    apart = colours - centre
    distances = np.sqrt(np.einsum("ni,ij,nj->n", apart, precision, apart))
    return tuple(centre.tolist()), tuple(map(tuple, precision.tolist())), float(np.quantile(distances, 1 - LEVEL))


def _range(details: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(details, [LEVEL / 2, 1 - LEVEL / 2]).tolist()
    return low, high


def _pair(values: np.ndarray) -> tuple[int, int]:
    return int(values[0]), int(values[1])


def _parsed(kept: Any) -> TrainingLook:
    """Read a look from JSON; lists become tuples, and a missing limit infinity.

    Raises:
        ValueError, KeyError, TypeError: it is not what `asdict` wrote.
    """
    values: dict[str, Any] = dict(kept)
    values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    values["precision"] = tuple(map(tuple, values["precision"]))
    values["farthest"] = np.inf if values["farthest"] is None else float(values["farthest"])
    return TrainingLook(**values)
