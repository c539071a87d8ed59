"""Measure whether the stains of one data set differ from those of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import t as student
from skimage.color import hed_from_rgb

from histo_core.auditing.stains import ENOUGH, FAINT
from histo_core.data.dataset import Dataset
from histo_core.data.grouping import known_groups
from histo_core.errors import DataError

SAMPLE = 256
"""Patches to sample; the standard error of their mean is a sixteenth of the SD between patches."""
FAR = 1.0
"""Distance, in standard deviations of the training patches. At this distance the typical patch is more extreme than
five of six training patches on that side. Measured: the sets of PatchCamelyon lie within 0.35 of each other, patches of
one class alone within 0.65; BreaKHis and IDC lie beyond 1.1."""
STAINS = ("haematoxylin", "eosin", "rest")

_SIDE = 64
"""Pixels are skipped so that at most about twice this many a side remain; the mean hardly changes."""
_ALPHA = 0.05 / 3
"""Level of the t test between the patients of both data sets, for each of the three stains."""
_LEAST_SPREAD = 0.005
"""The least SD, in optical density, so that other data are not far from a data set of nearly equal patches."""

Verdict = Literal["alike", "differs", "unknown"]


@dataclass(frozen=True)
class StainProfile:
    """The stain statistics of a sample of patches.

    Attributes:
        mean: mean of the patches' optical densities (base 10) of haematoxylin, eosin and the residual; where patients
            (else slides) are known, the mean of their means.
        spread: standard deviations of the densities between patches.
        patches: number of measured patches.
        groups: number of their patients (else slides); None where not all are known.
        group_spread: standard deviations between the groups' means; None for fewer than two groups.
    """

    mean: tuple[float, float, float]
    spread: tuple[float, float, float]
    patches: int
    groups: int | None = None
    group_spread: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class StainShift:
    """The shift between the stains of two data sets.

    Attributes:
        verdict: "differs" where a distance reaches `FAR` and, where patients are known, exceeds their chance variation;
            "unknown" where there is too little tissue.
        sentence: the verdict in plain words.
        distances: for each stain, the signed difference of the means in standard deviations of the reference.
    """

    verdict: Verdict
    sentence: str
    distances: tuple[float, float, float] | None = None


def stain_profile(dataset: Dataset, rows: np.ndarray, *, sample: int = SAMPLE, seed: int = 0) -> StainProfile | None:
    """Measure the stains of a seeded sample of patches.

    Each patch's stained pixels are separated by fixed stain vectors (Ruifrok and Johnston, Analytical and Quantitative
    Cytology and Histology 23, 2001) and averaged.

    Args:
        dataset: the data set to read pixels from.
        rows: int64 [n], rows of its table.
        sample: largest number of patches to measure.
        seed: seed of the sample.

    Returns:
        None where fewer than two patches have enough tissue.

    Raises:
        DataError: a patch cannot be read.
    """
    drawn = np.sort(np.random.default_rng(seed).permutation(rows)[:sample])
    found = {int(row): densities for row in drawn if (densities := _densities(dataset.read([row])[0])) is not None}
    if len(found) < 2:
        return None
    values = np.array(list(found.values()))
    spread, ids = _three(values.std(axis=0, ddof=1)), known_groups(dataset.table.iloc[list(found)])[0]
    if ids is None:
        return StainProfile(_three(values.mean(axis=0)), spread, len(values))
    means = np.array([values[ids == each].mean(axis=0) for each in np.unique(ids)])
    between = _three(means.std(axis=0, ddof=1)) if len(means) > 1 else None
    return StainProfile(_three(means.mean(axis=0)), spread, len(values), len(means), between)


def stain_shift(reference: StainProfile | None, target: StainProfile | None) -> StainShift:
    """Compare the stains of a target with those of the patches that a network was trained on."""
    if reference is None or target is None:
        return StainShift("unknown", "Stain: too little stained tissue to compare.")
    spread = np.maximum(reference.spread, _LEAST_SPREAD)
    distances = _three((np.array(target.mean) - np.array(reference.mean)) / spread)
    far = np.abs(distances) >= FAR
    by_chance = far & (np.abs(distances) * spread < _chance(reference, target))
    words = [
        f"{name if name != 'rest' else 'colour beside haematoxylin and eosin'} is "
        f"{'stronger' if distance > 0 else 'weaker'} ({there:.2f} against {here:.2f}, {abs(distance):.1f} SD)"
        for name, distance, there, here in zip(STAINS, distances, target.mean, reference.mean, strict=True)
    ]
    differ = [word for word, apart in zip(words, far & ~by_chance, strict=True) if apart]
    if not differ and by_chance.any():
        seen = "; ".join(word for word, chance in zip(words, by_chance, strict=True) if chance)
        few = f"{target.groups:,} here, {reference.groups:,} in training"
        return StainShift("alike", f"Stain: {seen}, but so few patients may differ as much ({few}).", distances)
    if not differ:
        nearest = max(map(abs, distances))
        return StainShift("alike", f"Stain: alike (at most {nearest:.1f} SD of the training patches apart).", distances)
    sentence = f"Stain: differs: {'; '.join(differ)}. Expect worse results than on the run's own test set."
    return StainShift("differs", sentence, distances)


def _chance(reference: StainProfile, target: StainProfile) -> np.ndarray:
    """Return how far the means of as many patients may differ by chance, float64 [3]; 0 where patients are unknown.

    It follows from Student's t test for two samples with equal variance.
    """
    if reference.groups is None or target.groups is None:
        return np.zeros(3)
    counts = np.array([reference.groups, target.groups])
    spreads = np.array([each.group_spread or (0, 0, 0) for each in (reference, target)])
    freedom = counts.sum() - 2
    if not freedom:
        return np.full(3, np.inf)
    variance = (counts - 1) @ np.square(spreads) / freedom
    return student.ppf(1 - _ALPHA / 2, freedom) * np.sqrt(variance * (1 / counts).sum())


def _densities(image: np.ndarray) -> np.ndarray | None:
    """Return the mean optical density of each stain in a patch's stained pixels, float64 [3]; None with too few."""
    if image.ndim != 3 or image.shape[2] != 3:
        raise DataError(f"An image has the shape {list(image.shape)}.", "H x W x 3 is expected.", "Convert it to RGB.")
    step = max(1, max(image.shape[:2]) // _SIDE)
    density = -np.log10((image[::step, ::step].reshape(-1, 3).astype(np.float64) + 1) / 256)
    stained = density.mean(axis=1) > FAINT
    if stained.mean() < ENOUGH:
        return None
    return density[stained].mean(axis=0) @ hed_from_rgb


def _three(values: np.ndarray) -> tuple[float, float, float]:
    first, second, third = values.tolist()
    return first, second, third
